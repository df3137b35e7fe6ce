/** Every command is run with --json, and each object that it prints has to be exactly what the contract says. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandOf, operationNames, operations } from '../../src/contract/operations.ts';
import { schemas } from '../../src/contract/schemas.ts';
import { type Bench, createBench, type Result, type Terms } from '../commands/harness.ts';
import { misfits, strict } from './strict.ts';

const dayMs = 86_400_000;
const foreign = join(import.meta.dirname, '../../fixtures/foreign');
const reviewer = { env: { DREAMOS_AGENT: 'reviewer' } };
const task = [
  '--subject',
  'needle',
  '--thread',
  't',
  '--tag',
  'a',
  '--data',
  '{"x":[1]}',
  '--ttl',
  '2d',
  '--ordering-key',
  'k',
];

type Run = (bench: Bench) => Promise<Result | readonly Result[]>;
const line = (words: string | readonly string[], terms?: Terms): Run => {
  return (bench) => bench.dreamos(typeof words === 'string' ? `${words} --json` : [...words, '--json'], terms);
};
/** With what has to be there before. */
const after = (before: (bench: Bench) => Promise<unknown>, words: (id: string) => string, terms?: Terms): Run => {
  return async (bench) => {
    const made = await before(bench);
    return bench.dreamos(`${words(String(made))} --json`, terms);
  };
};

const sent = (bench: Bench) => bench.sent(['send', 'reviewer', 'hello', '--as', 'planner', ...task]);
const claimed = async (bench: Bench) => (await sent(bench), bench.claimed());
const finished = async (bench: Bench) => {
  const id = await sent(bench);
  await bench.dreamos(`ack ${await bench.claimed()}`);
  return id;
};
const dead = async (bench: Bench) => {
  const id = await sent(bench);
  await bench.dreamos(['nack', await bench.claimed(), '--dead', '--reason', 'cannot parse']);
  return id;
};
const published = async (bench: Bench) => {
  await bench.dreamos('subscribe build.* --as reviewer');
  await bench.dreamos('publish build.done green --as planner');
};
const scheduled = (bench: Bench) =>
  bench.dreamos(['schedule', 'add', 'nightly', '0 3 * * *', 'reviewer', 'look', '--as', 'planner', '--ttl', '2h']);
const aged = async (bench: Bench) => {
  const id = await finished(bench);
  bench.time.nowMs += 40 * dayMs;
  return id;
};

const runs: Record<string, Run> = {
  init: line('init planner scribe'),
  'agent register': line([
    'agent',
    'register',
    'scribe',
    '--description',
    'writes',
    '--group',
    'g',
    '--set',
    'lease=1m',
  ]),
  'agent list': line('agent list'),
  'agent show': after(published, () => 'agent show reviewer'),
  'agent retire': line('agent retire reviewer'),
  send: async (bench) => [
    await bench.dreamos('send reviewer hello --as planner --dedupe-key k --json'),
    await bench.dreamos('send reviewer hello --as planner --dedupe-key k --json'),
    await bench.dreamos('send reviewer,planner later --as planner --delay 1h --durability relaxed --json'),
  ],
  'send --batch': line('send --batch --as planner', { stdin: '{"to":"reviewer","body":"one"}\n' }),
  'send --dry-run': line('send @all hello --dry-run --as planner'),
  'send --until': async (bench) => {
    const sending = bench.dreamos('send reviewer hello --as planner --until acked --wait 20s --json');
    const read = await bench.dreamos('read reviewer --wait 20s --json');
    await bench.dreamos(`ack ${String(read.json[0]?.['receipt'])}`);
    return sending;
  },
  reply: after(claimed, (receipt) => `reply ${receipt} done --ack`, reviewer),
  request: async (bench) => {
    const asking = bench.dreamos('request reviewer question --as planner --wait 20s --json');
    const read = await bench.dreamos('read reviewer --wait 20s --json');
    await bench.dreamos(`reply ${String(read.json[0]?.['receipt'])} answer --ack --as reviewer`);
    return asking;
  },
  read: after(sent, () => 'read reviewer'),
  work: after(sent, () => 'work reviewer -n 1 --wait 1s --json -- false'),
  peek: after(sent, () => 'peek reviewer'),
  ack: after(claimed, (receipt) => `ack ${receipt}`),
  nack: after(claimed, (receipt) => `nack ${receipt}`),
  renew: after(claimed, (receipt) => `renew ${receipt}`),
  list: async (bench) => {
    for (const make of [finished, dead, claimed]) await make(bench);
    await bench.sent('send reviewer later --as planner --delay 1h');
    await sent(bench);
    return bench.dreamos('list --state all --json', reviewer);
  },
  show: async (bench) => {
    const id = await sent(bench);
    await bench.claimed();
    return bench.dreamos(`show ${id} --json`, reviewer);
  },
  trace: after(finished, (id) => `trace ${id}`),
  thread: after(finished, () => 'thread t'),
  search: async (bench) => {
    await published(bench);
    await dead(bench);
    return [await bench.dreamos('search needle --json'), await bench.dreamos('search green --json')];
  },
  cancel: after(sent, (id) => `cancel ${id}`),
  'schedule add': line(['schedule', 'add', 'n', '0 3 * * *', 'reviewer', 'look', '--as', 'planner', ...task]),
  'schedule list': after(scheduled, () => 'schedule list'),
  'schedule show': after(scheduled, () => 'schedule show nightly'),
  'schedule remove': after(scheduled, () => 'schedule remove nightly'),
  watch: after(dead, () => 'watch reviewer --since start --wait 1ms'),
  status: after(finished, () => 'status'),
  publish: async (bench) => {
    await published(bench);
    const again = 'publish build.done green --as planner --dedupe-key k --json';
    return [await bench.dreamos(again), await bench.dreamos(again)];
  },
  subscribe: line('subscribe build.* --as reviewer'),
  unsubscribe: after(published, () => 'unsubscribe build.* --as reviewer'),
  listen: after(published, () => 'listen build.> --since start --count 1'),
  'topics list': after(published, () => 'topics list'),
  'topics show': after(published, () => 'topics show build.done'),
  'topics prune': after(published, () => 'topics prune build.done --older-than 0'),
  'archive list': after(finished, () => 'archive list reviewer'),
  'archive show': after(finished, (id) => `archive show reviewer ${id}`),
  'archive search': after(finished, () => 'archive search needle'),
  'archive restore': after(finished, (id) => `archive restore reviewer ${id}`),
  // Memory packs nothing; here it says what it would.
  'archive pack': line('archive pack reviewer --dry-run', {
    onRoot: ({ store }) => {
      Object.assign(store.upkeep ?? {}, {
        packArchive: async function* () {
          yield { day: '2026-11-19', count: 1, bytes: 9, packedBytes: 5 };
        },
      });
    },
  }),
  'archive prune': after(aged, () => 'archive prune reviewer --older-than 30d'),
  'archive export': after(finished, () => 'archive export reviewer'),
  'dlq list': after(dead, () => 'dlq list reviewer'),
  'dlq show': after(dead, (id) => `dlq show reviewer ${id}`),
  'dlq retry': after(dead, () => 'dlq retry reviewer --all'),
  'dlq purge': after(dead, (id) => `dlq purge reviewer ${id}`),
  'config get': line('config get'),
  'config set': line('config set maxAttempts 7'),
  doctor: after(dead, () => 'doctor'),
  maintain: async (bench) => {
    await sent(bench);
    await scheduled(bench);
    await published(bench);
    await aged(bench);
    return [await bench.dreamos('maintain --dry-run --json'), await bench.dreamos('maintain --json')];
  },
  import: line(`import ${foreign} --deliver`),
  schema: line('schema'),
};

const printing = operationNames.flatMap((name) => {
  const [words, { output }] = [commandOf(name), operations[name]];
  return words === undefined || output === undefined ? [] : [{ words, output }];
});

describe('with --json', () => {
  test.each(printing)('"$words" prints $output, and nothing else', async ({ words, output }) => {
    const run = runs[words];
    if (run === undefined) throw new Error(`Nobody runs "${words}" here yet.`);
    const results = [await run(await createBench())].flat();
    const items = results.flatMap(({ json }) => json);
    const shape = strict(schemas[output]);
    expect({
      codes: [...new Set(results.map(({ code }) => code))],
      errors: results.flatMap(({ err }) => (/"error"/.test(err) ? [err] : [])),
      items: items.length > 0,
      misfits: [...new Set(items.flatMap((item) => misfits(shape, item)))],
    }).toEqual({ codes: [0], errors: [], items: true, misfits: [] });
  });

  test('an error has its shape, too', async () => {
    const { err } = await (await createBench()).dreamos('show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --json');
    expect(misfits(strict(schemas.error), JSON.parse(err))).toEqual([]);
  });
});
