// What the audit costs: a line, by the operation of which it is the end least of all (`pause` and `resume` sync a card, so the
// same is done with the setting off); a send and a claim with ack by its three settings; and verifying a million lines.
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { init, open } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';

const settings = ['off', 'admin', 'all'];

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('audit');
  const mail = await init({ root: folder.path, agents: ['sender', 'reader'], as: 'sender', env: {} });
  const root = mail.path;
  try {
    const line = await perLine(mail, quick ? 500 : 10_000, progress);
    const work = await perMessage(mail, quick ? 200 : 3000, quick ? 2 : 5, progress);
    const verified = await verifying(mail, root, quick ? 20_000 : 1_000_000, progress);
    return outcome(line, work, verified);
  } finally {
    await mail.close();
    folder.remove();
  }
}

/** Claims that find nothing cost nothing else; so with `all` the difference of claim and ack is two lines. */
async function perLine(mail, count, progress) {
  progress(`${count} messages, claimed and acked with and without lines`);
  const costs = {};
  for (const setting of ['off', 'all', 'off', 'all']) {
    await mail.config.set('audit', setting);
    const drafts = Array.from({ length: count }, (_, i) => ({ to: 'reader', body: `${i}`, durability: 'relaxed' }));
    for (let at = 0; at < count; at += 500) await mail.sendAll(drafts.slice(at, at + 500));
    const begun = process.cpuUsage();
    const at = performance.now();
    for (let i = 0; i < count; i++) await mail.ack((await mail.read('reader')).receipt);
    const { user, system } = process.cpuUsage(begun);
    (costs[setting] ??= []).push({ us: ((performance.now() - at) * 1000) / count, cpuUs: (user + system) / count });
  }
  const least = (setting, what) => Math.min(...costs[setting].map((one) => one[what]));
  return {
    us: (least('all', 'us') - least('off', 'us')) / 2,
    cpuUs: (least('all', 'cpuUs') - least('off', 'cpuUs')) / 2,
  };
}

async function perMessage(mail, count, rounds, progress) {
  const took = Object.fromEntries(settings.map((setting) => [setting, { send: Infinity, claim: Infinity }]));
  for (let round = 0; round < rounds; round++) {
    // In another order each time: whoever comes first finds the disk as the one before left it.
    for (const setting of [...settings.slice(round % 3), ...settings.slice(0, round % 3)]) {
      progress(`round ${round + 1} of ${rounds}, audit ${setting}`);
      await mail.config.set('audit', setting);
      const one = took[setting];
      let at = performance.now();
      for (let i = 0; i < count; i++) await mail.send({ to: 'reader', body: `${i}`, durability: 'relaxed' });
      one.send = Math.min(one.send, ((performance.now() - at) * 1000) / count);
      at = performance.now();
      for (let i = 0; i < count; i++) await mail.ack((await mail.read('reader')).receipt);
      one.claim = Math.min(one.claim, ((performance.now() - at) * 1000) / count);
    }
  }
  return took;
}

/** Lines as they are, a thousand to a checkpoint. */
async function verifying(mail, root, count, progress) {
  await mail.config.set('audit', 'off');
  const folder = join(root, 'audit');
  mkdirSync(folder, { recursive: true });
  const day = new Date().toISOString().slice(0, 10);
  const id = '01KAG0000000000000000000000';
  progress(`${count} lines, a checkpoint for each thousand`);
  for (let n = 0; n < count; n += 1000) {
    let text = '';
    for (let i = 0; i < 1000; i++) {
      const at = new Date().toISOString();
      text += `${JSON.stringify({ at, result: 'done', op: 'send', by: 'sender', id, to: ['reader'], pid: 12345, user: 1000 })}\n`;
    }
    appendFileSync(join(folder, `${day}.jsonl`), text, { mode: 0o600 });
    await mail.audit.anchor();
  }
  const other = await open({ root, env: {} });
  const at = performance.now();
  const begun = process.cpuUsage();
  const found = await other.audit.verify();
  const { user, system } = process.cpuUsage(begun);
  await other.close();
  if (found.state !== 'whole' || found.lines < count) throw new Error(`The audit is ${JSON.stringify(found)}.`);
  return { lines: found.lines, bytes: found.bytes, s: (performance.now() - at) / 1000, cpuS: (user + system) / 1e6 };
}

function outcome(line, work, verified) {
  const { off, admin, all } = work;
  const million = 1_000_000 / verified.lines;
  return {
    results: { line, work, verified },
    tables: [
      {
        title: 'The best round of each, us',
        columns: ['audit', 'send (relaxed)', 'claim + ack'],
        lines: settings.map((name) => [name, work[name].send.toFixed(1), work[name].claim.toFixed(1)]),
      },
    ],
    rows: [
      row('an audit line', [figure('us', line.us, 1), figure('us of CPU', line.cpuUs, 1)]),
      row('audit: admin, beside off', [
        figure('send', off.send / admin.send),
        figure('claim + ack', off.claim / admin.claim),
      ]),
      row('audit: all, beside off', [
        figure('send', off.send / all.send),
        figure('claim + ack', off.claim / all.claim),
      ]),
      row('audit verify, of a million lines', [
        figure('s', verified.s * million),
        figure('s of CPU', verified.cpuS * million),
        figure('lines', verified.lines, 0),
      ]),
    ],
  };
}
