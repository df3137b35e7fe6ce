// One message to a thousand mailboxes: the body once on disk, and everybody has it.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { init } from '../../dist/index.js';
import { figure, holds, row } from '../figures.mjs';
import { interleave, median, secondsOf } from '../measure.mjs';
import { whole } from '../race.mjs';
import { makeTexts } from '../texts.mjs';

export async function run({ quick, scratch, progress }) {
  const names = Array.from({ length: quick ? 20 : 1000 }, (_, i) => `box-${i}`);
  const folder = scratch.folder('fanout');
  const raw = scratch.folder('raw');
  progress(`registering ${names.length} agents`);
  const mail = (await init({ root: folder.path, agents: ['sender', ...names], env: {} })).as('sender');
  for (const name of names) fs.mkdirSync(join(raw.path, 'boxes', name), { recursive: true });
  fs.mkdirSync(join(raw.path, 'outbox'));
  const [body] = makeTexts(1);

  let once = true;
  const lanes = [
    {
      name: 'dreamos',
      run: async () => {
        const { seconds, result } = await secondsOf(() => mail.send({ to: names, body }));
        once &&= isOneFile(folder.path, result.id, names.length);
        await takeAll(mail, names, body);
        return names.length / seconds;
      },
    },
    { name: 'raw system calls', run: async (round) => names.length / (await rawFanout(raw.path, names, body, round)) },
  ];
  const figures = await interleave(lanes, { rounds: quick ? 1 : 7, onRound: (round) => progress(`round ${round}`) });
  await mail.close();
  folder.remove();
  raw.remove();
  const rate = median(figures.get('dreamos'));
  return {
    results: Object.fromEntries(figures),
    tables: [
      {
        title: `A broadcast of 1 KiB to ${whole(names.length)} mailboxes`,
        columns: ['', 'mailboxes/s'],
        lines: lanes.map(({ name }) => [name, whole(median(figures.get(name)))]),
      },
    ],
    rows: [
      row(`broadcast to ${whole(names.length)} mailboxes`, [
        figure('mailboxes a second, durable', rate, 0),
        holds('the body once on disk', once),
      ]),
    ],
  };
}

/** Every name of the message is a link to the same file. */
function isOneFile(root, id, count) {
  const names = fs.readdirSync(root, { recursive: true }).filter((path) => path.includes(id));
  const files = names.map((path) => fs.statSync(join(root, path)));
  return names.length === count && files.every(({ ino, nlink }) => ino === files[0].ino && nlink === count);
}

async function takeAll(mail, names, body) {
  for (const name of names) {
    const delivery = await mail.read(name);
    if (delivery?.message.body !== body) throw new Error(`${name} did not get the broadcast.`);
    await mail.ack(delivery.receipt);
    if (await mail.read(name)) throw new Error(`${name} got the broadcast twice.`);
  }
}

/** Body and links in a folder of the outbox, one rename that commits, and one rename for each mailbox. */
async function rawFanout(root, names, body, round) {
  const fresh = join(root, 'outbox', `${round}.new`);
  const committed = join(root, 'outbox', `${round}`);
  const { seconds } = await secondsOf(() => {
    fs.mkdirSync(fresh);
    const fd = fs.openSync(join(fresh, 'body'), 'wx');
    fs.writeSync(fd, body);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    for (const name of names) fs.linkSync(`${fresh}/body`, `${fresh}/${name}`);
    syncFolder(fresh);
    fs.renameSync(fresh, committed);
    syncFolder(join(root, 'outbox'));
    for (const name of names) fs.renameSync(`${committed}/${name}`, `${root}/boxes/${name}/${round}`);
    fs.unlinkSync(`${committed}/body`);
    fs.rmdirSync(committed);
  });
  return seconds;
}

function syncFolder(dir) {
  const fd = fs.openSync(dir, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
