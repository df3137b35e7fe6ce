// Bridges between two roots of this machine, of sends in the other root, 100 at a time: what they come to where nothing is between
// the roots. Their commands are processes of their own, whose start counts, and both roots share the machine: nearly half of what they
// take for 5,000 messages is the start, and what V8 compiles in the first second.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from '../contestants/dreamos.mjs';
import { figure, row } from '../figures.mjs';
import { medianRatio, secondsOf } from '../measure.mjs';
import { cleanEnv, command, runNode, start, stop } from '../processes.mjs';
import { actSendBatches, race, raceTable } from '../race.mjs';
import { checkAll, inBatches } from '../texts.mjs';

const size = 100;
const sends = `sends there, ${size} at a time`;

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('bridge');
  const [near, far] = [await open(join(folder.path, 'near')), await open(join(folder.path, 'far'))];
  const listener = await listen(near, far);
  const byPipe = `"${process.execPath}" "${command}" receive --root "${far.root}"`;
  const lanes = [
    { name: sends, act: (round) => actSendBatches(far, round, inBatches(round.texts, size)) },
    { name: 'bridge over a pipe', act: (round) => carry(near, far, round, ['--via', byPipe]) },
    {
      name: 'bridge by ZeroMQ',
      act: (round) => carry(near, far, round, ['--via', listener.at, '--key', listener.key]),
    },
  ];
  try {
    const results = await race({ lanes, rounds: quick ? 1 : 5, messages: quick ? 300 : 5000, progress });
    const ratioOf = ({ name }) => figure(name, medianRatio(results[name].rates, results[sends].rates));
    return {
      results,
      tables: [raceTable('Mail of 1 KiB to another root', results, { of: sends })],
      rows: [row(`carried, of ${sends}`, lanes.slice(1).map(ratioOf))],
    };
  } finally {
    await stop(listener.child);
    await near.close();
    await far.close();
    folder.remove();
  }
}

const peer = 'far-root';

/** @returns the seconds of a bridge that carries all that lies ready, from its start to its end */
async function carry(near, far, { texts, box: name }, way) {
  const [here, there] = [await near.box(name), await far.box(name)];
  const moved = ['agent', 'register', name, '--at', peer, '--root', near.root, '--quiet'];
  runNode([command, ...moved], { env: envOf(near) });
  await here.sendBatches(inBatches(texts, size));
  const args = [command, 'bridge', peer, ...way, '--once', '--quiet', '--root', near.root];
  const { seconds } = await secondsOf(() => runNode(args, { env: envOf(near) }));
  checkAll(`a bridge, ${way.join(' ')},`, texts, (await there.consume()).texts);
  return seconds;
}

const envOf = ({ root }) => cleanEnv(join(root, '..'));

/** Who waits for bridges by ZeroMQ, and the keys of both ends. */
async function listen(near, far) {
  const [key, keyThere] = [near, far].map(({ root }) => `${root}.keys`);
  const listening = [command, 'receive', '--listen', 'tcp://127.0.0.1:0', '--key', keyThere, '--root', far.root];
  const bridging = [command, 'bridge', peer, '--via', 'tcp://127.0.0.1:1', '--key', key, '--once', '--root', near.root];
  // They end once they have made their keys.
  runNode(listening, { env: envOf(far), exit: 6 });
  runNode(bridging, { env: envOf(near), exit: 6 });
  const publicOf = (file) => /^public (\S+)$/m.exec(readFileSync(file, 'utf8'))[1];
  appendFileSync(key, `peer ${peer} ${publicOf(keyThere)}\n`);
  appendFileSync(keyThere, `peer near-root ${publicOf(key)}\n`);
  const child = start(process.execPath, listening, { env: envOf(far), stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
    const [, at] = /Listening at (\S+\d)\./.exec((said += chunk)) ?? [];
    if (at !== undefined) return { at, key, child };
  }
  throw new Error(`Nobody listens by ZeroMQ: ${said}`);
}
