/** Every command is run with --json, and each object that it prints has to be exactly what the contract says. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandOf, operationNames, operations } from '../../src/contract/operations.ts';
import { schemas } from '../../src/contract/schemas.ts';
import type { Session } from '../../src/core/root/root.ts';
import { type Rig, createRig, type Result, type Terms } from '../commands/rig.ts';
import { changeSettingsIn } from '../storage/contract/ways.ts';
import { initFileStore } from '../../src/storage/file/make-root.ts';
import { scratch } from '../scratch.ts';
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

const inProject = (): Terms => ({ cwd: scratch(), env: { PATH: '/usr/bin' } });

type Run = (rig: Rig) => Promise<Result | readonly Result[]>;
const line = (words: string | readonly string[], terms?: Terms): Run => {
  return (rig) => rig.dreamos(typeof words === 'string' ? `${words} --json` : [...words, '--json'], terms);
};
/** With what has to be there before. */
const after = (before: (rig: Rig) => Promise<unknown>, words: (id: string) => string, terms?: Terms): Run => {
  return async (rig) => {
    const made = await before(rig);
    return rig.dreamos(`${words(String(made))} --json`, terms);
  };
};

const sent = (rig: Rig) => rig.sent(['send', 'reviewer', 'hello', '--as', 'planner', ...task]);
const claimed = async (rig: Rig) => (await sent(rig), rig.claimed());
const finished = async (rig: Rig) => {
  const id = await sent(rig);
  await rig.dreamos(`ack ${await rig.claimed()}`);
  return id;
};
const dead = async (rig: Rig) => {
  const id = await sent(rig);
  await rig.dreamos(['nack', await rig.claimed(), '--dead', '--reason', 'cannot parse']);
  return id;
};
const changedTwice = async (rig: Rig) => {
  await rig.dreamos('config set maxAttempts 7');
  await rig.dreamos('config set maxAttempts 8');
  return '';
};
const published = async (rig: Rig) => {
  await rig.dreamos('subscribe build.* --as reviewer');
  await rig.dreamos('publish build.done green --as planner');
};
const scheduled = (rig: Rig) =>
  rig.dreamos(['schedule', 'add', 'nightly', '0 3 * * *', 'reviewer', 'look', '--as', 'planner', '--ttl', '2h']);
/** The last of these commands, by one user. */
const keyed = async (rig: Rig, ...lines: readonly string[]): Promise<Result> => {
  const env = { DREAMOS_CONFIG_HOME: scratch() };
  const ended: Result[] = [];
  for (const words of lines) ended.push(await rig.dreamos(`${words} --json`, { env }));
  return ended.at(-1) as Result;
};
const reserving = (rig: Rig) => rig.dreamos('reserve src --as planner --reason x');
const tasked = async (rig: Rig) => {
  await rig.dreamos('agent register reviewer --max-tasks 9 --capability ts');
  const made = await rig.dreamos(['task', 'create', '--as', 'planner', '--json', ...taskOptions]);
  return String(made.json[0]?.['id']);
};
const taskOptions = ['--title', 'parse', '--requires', 'ts', '--deadline', '1h', '--tag', 'a', '--data', '{"x":[1]}'];
const begun = async (rig: Rig) => {
  const id = await tasked(rig);
  await rig.dreamos(`task accept ${id}`, reviewer);
  return id;
};
const ended = async (rig: Rig) => {
  const id = await begun(rig);
  await rig.dreamos(['task', 'done', id, '--result', 'merged', '--data', '{"y":1}'], reviewer);
  return id;
};
const alerting = async (rig: Rig) => {
  const alerts = [{ name: 'dead', to: 'planner', run: ['true'] }];
  await changeSettingsIn(rig.root.store, (settings) => ({ ...settings, alerts }));
  await dead(rig);
};
const policyFiles = {
  'p.json': JSON.stringify({
    roles: { all: { allow: { '*': ['*'] } }, less: { deny: { read: ['x'] } } },
    everyone: ['all'],
    agents: { 'x-*': ['less'] },
    tests: [{ as: 'planner', verb: 'send', mailbox: 'reviewer', allowed: true }],
  }),
};
const withPolicy = (rig: Rig) => rig.dreamos('policy set p.json --as planner', { files: policyFiles });
const aged = async (rig: Rig) => {
  const id = await finished(rig);
  rig.time.nowMs += 40 * dayMs;
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
  'agent start': line(`agent start scribe --note hi --pid ${process.pid}`),
  'agent heartbeat': line(`agent heartbeat reviewer --status busy --note hi --pid ${process.pid}`),
  who: async (rig) => {
    await rig.dreamos(`agent start reviewer --kind core --pid ${process.pid}`);
    await rig.dreamos('hook bind planner --host claude --session s1');
    await claimed(rig);
    await sent(rig);
    return rig.dreamos('who --all --json');
  },
  'agent list': line('agent list'),
  'agent show': after(published, () => 'agent show reviewer'),
  'hook bind': line('hook bind reviewer --host claude --session s1'),
  'agent show --a2a': line('agent show reviewer --a2a --url https://a.example'),
  wake: after(sent, () => 'wake reviewer --bell', { terminal: true }),
  bridge: async (rig) => {
    await rig.dreamos('agent register reviewer --at far');
    await sent(rig);
    const far = `echo '{"dreamos":"receive","v":1}'; read -r parcel; echo '{"n":1,"is":"stored","again":true}'; cat`;
    return rig.dreamos(['bridge', 'far', '--via', far, '--once', '--json']);
  },
  pause: line('pause reviewer --as planner'),
  resume: async (rig) => [await rig.dreamos('pause reviewer'), await rig.dreamos('resume reviewer --json')].slice(1),
  'agent retire': line('agent retire reviewer'),
  'agent rename': after(published, () => 'agent rename reviewer critic'),
  'agent delete': after(sent, () => 'agent delete reviewer --archive'),
  send: async (rig) => [
    await rig.dreamos('send reviewer hello --as planner --dedupe-key k --json'),
    await rig.dreamos('send reviewer hello --as planner --dedupe-key k --json'),
    await rig.dreamos('send reviewer,planner later --as planner --delay 1h --durability relaxed --json'),
  ],
  'send --batch': line('send --batch --as planner', { stdin: '{"to":"reviewer","body":"one"}\n' }),
  'send --dry-run': line('send @all hello --dry-run --as planner'),
  'send --until': async (rig) => {
    const sending = rig.dreamos('send reviewer hello --as planner --until acked --wait 20s --json');
    const read = await rig.dreamos('read reviewer --wait 20s --json');
    await rig.dreamos(`ack ${String(read.json[0]?.['receipt'])}`);
    return sending;
  },
  reply: after(claimed, (receipt) => `reply ${receipt} done --ack`, reviewer),
  request: async (rig) => {
    const asking = rig.dreamos('request reviewer question --as planner --wait 20s --json');
    const read = await rig.dreamos('read reviewer --wait 20s --json');
    await rig.dreamos(`reply ${String(read.json[0]?.['receipt'])} answer --ack --as reviewer`);
    return asking;
  },
  read: after(sent, () => 'read reviewer'),
  work: after(sent, () => 'work reviewer -n 1 --wait 1s --json -- false'),
  peek: after(sent, () => 'peek reviewer'),
  ack: after(claimed, (receipt) => `ack ${receipt}`),
  nack: after(claimed, (receipt) => `nack ${receipt}`),
  renew: after(claimed, (receipt) => `renew ${receipt}`),
  list: async (rig) => {
    for (const make of [finished, dead, claimed]) await make(rig);
    await rig.sent('send reviewer later --as planner --delay 1h');
    await sent(rig);
    return rig.dreamos('list --state all --json', reviewer);
  },
  show: async (rig) => {
    const id = await sent(rig);
    await rig.claimed();
    return rig.dreamos(`show ${id} --json`, reviewer);
  },
  trace: after(finished, (id) => `trace ${id}`),
  thread: after(finished, () => 'thread t'),
  search: async (rig) => {
    await published(rig);
    await dead(rig);
    return [await rig.dreamos('search needle --json'), await rig.dreamos('search green --json')];
  },
  deliver: async (rig) => {
    const id = await rig.sent(['send', 'reviewer', 'later', '--as', 'planner', '--delay', '1h', ...task]);
    return [
      await rig.dreamos(`deliver ${id} --at 2026-11-21T09:00Z --json`),
      await rig.dreamos(`deliver ${id} now --json`),
    ];
  },
  cancel: after(sent, (id) => `cancel ${id}`),
  'schedule add': line(['schedule', 'add', 'n', '0 3 * * *', 'reviewer', 'look', '--as', 'planner', ...task]),
  'schedule list': after(scheduled, () => 'schedule list'),
  'schedule show': after(scheduled, () => 'schedule show nightly'),
  'schedule remove': after(scheduled, () => 'schedule remove nightly'),
  reserve: line('reserve src --as planner --reason x'),
  'reserve list': after(reserving, () => 'reserve list'),
  'reserve check': async (rig) => [
    (await reserving(rig), await rig.dreamos('reserve check src/a free --as planner --json')),
    { ...(await rig.dreamos('reserve check src/a --json')), code: 0, err: '' },
  ],
  'reserve renew': after(reserving, () => 'reserve renew --as planner'),
  'reserve release': after(reserving, () => 'reserve release --as planner'),
  'task create': async (rig) => {
    const id = await tasked(rig);
    return [
      await rig.dreamos(['task', 'create', '--as', 'planner', '--json', ...taskOptions, '--parent', id]),
      await rig.dreamos(`task create --title after --depends-on ${id} --as planner --json`),
    ];
  },
  coordinate: async (rig) => {
    await tasked(rig);
    await rig.dreamos('agent heartbeat reviewer');
    const stop = new AbortController();
    const onOutput = (text: string) => void (text.includes('assigned') && stop.abort(0));
    return rig.dreamos('coordinate --json', { env: { DREAMOS_AGENT: 'planner' }, signal: stop.signal, onOutput });
  },
  'task create --batch': async (rig) => {
    const words = 'task create --batch - --dedupe-key d --as planner --json';
    const stdin = '{"key":"a","title":"a","requires":["nobody"]}\n{"title":"b","dependsOn":["a"]}\n';
    return [await rig.dreamos(words, { stdin }), await rig.dreamos(words, { stdin })];
  },
  'task import': (rig) => rig.dreamos('task import - --as planner --json', { stdin: '{"id":"bd-1","title":"a"}\n' }),
  'task export': async (rig) => {
    await rig.dreamos('task import - --as planner', { stdin: '{"id":"bd-1","title":"a"}\n' });
    await tasked(rig);
    return rig.dreamos('task export --all --json');
  },
  'task list': async (rig) => {
    const id = await ended(rig);
    const failing = await begun(rig);
    await rig.dreamos(`task fail ${failing} --reason why`, reviewer);
    const going = await begun(rig);
    await rig.dreamos(`task progress ${going} --percent 50 --note half`, reviewer);
    await rig.dreamos(`task create --title after --depends-on ${going},${id} --as planner`);
    await rig.dreamos(`task cancel ${await tasked(rig)}`);
    await tasked(rig);
    rig.time.nowMs += 7_200_000;
    return rig.dreamos('task list --all --json');
  },
  'task show': async (rig) => {
    const id = await ended(rig);
    await rig.dreamos(`task create --title part --parent ${id} --as planner`);
    return rig.dreamos(`task show ${id} --json`);
  },
  'task next': after(tasked, () => 'task next', reviewer),
  'task accept': after(tasked, (id) => `task accept ${id}`, reviewer),
  'task progress': after(begun, (id) => `task progress ${id} --percent 50 --note half`, reviewer),
  'task done': after(begun, (id) => `task done ${id} --result merged`, reviewer),
  'task fail': after(begun, (id) => `task fail ${id} --reason why`, reviewer),
  'task cancel': after(begun, (id) => `task cancel ${id}`),
  'task retry': async (rig) => {
    const id = await begun(rig);
    await rig.dreamos(`task fail ${id}`, reviewer);
    return rig.dreamos(`task retry ${id} --json`);
  },
  'task assign': after(tasked, (id) => `task assign ${id} reviewer`),
  'task assign --explain': async (rig) => {
    const id = await tasked(rig);
    await rig.dreamos('task next', reviewer);
    return rig.dreamos(`task assign ${id} --explain --json`);
  },
  'task watch': async (rig) => {
    const id = await begun(rig);
    let told = '';
    const watching = rig.dreamos(`task watch ${id} --wait 20s --json`, { onOutput: (text) => (told = text) });
    while (told === '') {
      await rig.dreamos(`task progress ${id}`, reviewer);
      // A turn of the event loop, in which the watcher hears of it.
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    await rig.dreamos(`task done ${id}`, reviewer);
    return watching;
  },
  watch: after(dead, () => 'watch reviewer --since start --wait 1ms'),
  status: after(finished, () => 'status'),
  stats: after(finished, () => 'stats'),
  'resources show': async (rig) => {
    await rig.dreamos('agent register planner --set sendRate=1');
    for (const body of ['one', 'two']) await rig.dreamos(`send reviewer ${body} --as planner`);
    return rig.dreamos('resources show --json');
  },
  metrics: after(finished, () => 'metrics'),
  'alerts list': after(dead, () => 'alerts list'),
  'alerts check': async (rig) => {
    await alerting(rig);
    return rig.dreamos('alerts check --json');
  },
  'alerts test': async (rig) => {
    await alerting(rig);
    return [await rig.dreamos('alerts test dead --json'), await rig.dreamos('alerts test dead --act --json')];
  },
  'alerts silence': line('alerts silence dead --for 1h --mailbox rev* --as planner'),
  top: async (rig) => {
    for (const make of [finished, dead, claimed]) await make(rig);
    await rig.dreamos('pause reviewer');
    return rig.dreamos('top --json');
  },
  'identity create': (rig) => keyed(rig, 'identity create planner'),
  'identity show': (rig) => keyed(rig, 'identity create planner', 'identity rotate planner', 'identity show planner'),
  'identity list': (rig) => keyed(rig, 'identity create planner', 'identity list'),
  'identity rotate': (rig) => keyed(rig, 'identity create planner', 'identity rotate planner'),
  'identity revoke': (rig) => keyed(rig, 'identity create planner', 'identity revoke planner'),
  'trust list': (rig) => keyed(rig, 'identity create planner', 'trust list'),
  'trust accept': (rig) => keyed(rig, 'identity create planner', 'trust accept planner'),
  'trust remove': (rig) => keyed(rig, 'identity create planner', 'trust remove planner'),
  publish: async (rig) => {
    await published(rig);
    const again = 'publish build.done green --as planner --dedupe-key k --json';
    return [await rig.dreamos(again), await rig.dreamos(again)];
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
  'dlq list': after(dead, () => 'dlq list'),
  'dlq show': after(dead, (id) => `dlq show reviewer ${id}`),
  'dlq retry': async (rig) => {
    await dead(rig);
    const lines = ['dlq retry --reason parse --dry-run --json', 'dlq retry reviewer --all --json'];
    return [await rig.dreamos(lines[0] ?? ''), await rig.dreamos(lines[1] ?? '')];
  },
  'dlq purge': async (rig) => {
    const id = await dead(rig);
    return [
      await rig.dreamos(`dlq purge ${id} --dry-run --json`),
      await rig.dreamos(`dlq purge reviewer ${id} --json`),
    ];
  },
  'audit list': async (rig) => {
    await changedTwice(rig);
    await changeSettingsIn(rig.root.store, (settings) => ({ ...settings, audit: 'all' }));
    await finished(rig);
    return rig.dreamos('audit list --json');
  },
  'audit verify': after(changedTwice, () => 'audit verify'),
  'audit anchor': after(changedTwice, () => 'audit anchor'),
  'audit prune': async (rig) => {
    await changedTwice(rig);
    rig.time.nowMs += 40 * dayMs;
    return rig.dreamos('audit prune --older-than 30d --json');
  },
  'config get': line('config get'),
  'config set': line('config set maxAttempts 7'),
  'config show': line('config show lease maxAttempts --origin --agent reviewer'),
  'config unset': line('config unset maxAttempts'),
  'config validate': line('config validate'),
  'config edit': async (rig) => {
    await rig.dreamos('config set maxAttempts 4');
    return rig.dreamos('config edit --file - --json', { stdin: '{"maxAttempts":6}' });
  },
  'config diff': after(changedTwice, () => 'config diff 0'),
  'config history': after(changedTwice, () => 'config history'),
  'config rollback': after(changedTwice, () => 'config rollback 1'),
  'policy show': after(withPolicy, () => 'policy show --as planner'),
  'policy set': line('policy set p.json --note why --as planner', { files: policyFiles }),
  'policy remove': after(withPolicy, () => 'policy remove --as planner'),
  'policy diff': after(withPolicy, () => 'policy diff 0 --as planner'),
  'policy history': after(withPolicy, () => 'policy history --as planner'),
  'policy rollback': after(withPolicy, () => 'policy rollback 0 --as planner'),
  'policy check': after(withPolicy, () => 'policy check send reviewer --as planner'),
  'policy test': line('policy test p.json', { files: policyFiles }),
  doctor: after(dead, () => 'doctor'),
  maintain: async (rig) => {
    await sent(rig);
    await scheduled(rig);
    await published(rig);
    await aged(rig);
    return [await rig.dreamos('maintain --dry-run --json'), await rig.dreamos('maintain --json')];
  },
  import: line(`import ${foreign} --deliver`),
  explain: line('explain'),
  // Memory has no backups.
  backup: line('backup mail.tar.gz', {
    onRoot: ({ store }) => {
      Object.assign(store.upkeep ?? {}, {
        backup: async (file: string) => ({ file, messages: 3, bytes: 900, begunAt: 1_795_165_200_000 }),
      });
    },
  }),
  restore: line('restore mail.tar.gz'),
  dump: after(finished, () => `dump ${join(scratch(), 'mail.jsonl')}`),
  load: async (rig) => {
    const { out } = await rig.dreamos('dump -');
    const terms = { files: { 'mail.jsonl': out } };
    return rig.dreamos(['load', 'mail.jsonl', '--root', join(scratch(), 'root'), '--json'], terms);
  },
  // What moves is a root of files.
  move: async (rig) => {
    const root = join(scratch(), 'root');
    await initFileStore({ root, cwd: root, env: {} });
    return rig.dreamos(['move', '--to', `file:${join(scratch(), 'other')}`, '--root', root, '--json']);
  },
  export: after(finished, () => `export --sqlite ${join(scratch(), 'mail.db')}`),
  setup: (rig) => rig.dreamos('setup claude --as reviewer --dry-run --json', inProject()),
  'setup --check': async (rig) => {
    const terms = inProject();
    await rig.dreamos('setup claude --as reviewer --guard', terms);
    const session = { host: 'claude', session: 's1', state: 'idle', since: rig.time.nowMs, interactive: true } as const;
    await rig.root.store.reach.putSession(session);
    return rig.dreamos('setup claude --check --json', terms);
  },
  schema: line('schema'),
  'token create': line('token create reviewer --as planner --expires 1d'),
  'token list': after(
    (rig) => rig.dreamos('token create reviewer'),
    () => 'token list',
  ),
  'token revoke': after(
    (rig) => rig.dreamos('token create reviewer'),
    () => 'token revoke reviewer',
  ),
  serve: (rig) => untilSaid(rig, `serve --json --socket ${join(scratch(), 's')}`),
  'serve status': (rig) => whileServed(rig, () => rig.dreamos('serve status --json')),
  'serve stop': (rig) => whileServed(rig, () => rig.dreamos('serve stop --json')),
  dashboard: (rig) => untilSaid(rig, 'dashboard --json --as planner'),
};

/** What runs until a signal comes, until it has said something. */
function untilSaid(rig: Rig, words: string): Promise<Result> {
  const stop = new AbortController();
  return rig.dreamos(words, { signal: stop.signal, onOutput: () => stop.abort(143) });
}

/** With a server, which calls itself by the number of another process: one that may be ended. */
async function whileServed(rig: Rig, work: () => Promise<Result>): Promise<Result> {
  const other = spawn('sleep', ['60']);
  const self = async () => ({ pid: other.pid ?? 0, host: 'memory' });
  const stop = new AbortController();
  const onRoot = ({ store }: Session): void => void Object.assign(store, { self });
  let served: Promise<unknown> | undefined;
  await new Promise<string>((said) => {
    served = rig.dreamos(`serve --json --socket ${join(scratch(), 's')}`, {
      signal: stop.signal,
      onRoot,
      onOutput: said,
    });
  });
  try {
    return await work();
  } finally {
    stop.abort(143);
    await served;
    other.kill();
  }
}

const printing = operationNames.flatMap((name) => {
  const [words, { output }] = [commandOf(name), operations[name]];
  return words === undefined || output === undefined ? [] : [{ words, output }];
});

describe('with --json', () => {
  test.each(printing)('"$words" prints $output, and nothing else', async ({ words, output }) => {
    const run = runs[words];
    if (run === undefined) throw new Error(`Nobody runs "${words}" here yet.`);
    const results = [await run(await createRig())].flat();
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
    const { err } = await (await createRig()).dreamos('show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --json');
    expect(misfits(strict(schemas.error), JSON.parse(err))).toEqual([]);
  });
});
