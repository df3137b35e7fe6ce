/** What a route answers is what the command prints with --json of the same root, to the last byte. */
import { beforeAll, describe, expect, test } from 'vitest';
import { createRouteRig, type RouteRig } from './rig.ts';

let rig: RouteRig;
let ids: { ready: string; dead: string; done: string; task: string };

beforeAll(async () => {
  rig = await createRouteRig();
  const odd = [
    '--data',
    '{"n":1970670598291982290,"9":1,"1":2}',
    '--subject',
    'a\u202eb',
    '--thread',
    't',
    '--tag',
    'x',
  ];
  const send = (...more: string[]) => rig.sent(['send', 'reviewer', 'needle', '--as', 'planner', ...odd, ...more]);
  const done = await send();
  await rig.dreamos(`ack ${await heldBy()}`);
  const dead = await send();
  await rig.dreamos(['nack', await heldBy(), '--dead', '--reason', 'cannot parse']);
  const ready = await send('--priority', 'urgent', '--ttl', '2d');
  await send('--delay', '1h');
  await rig.dreamos('subscribe build.* --as reviewer');
  await rig.dreamos('publish build.done green --as planner');
  await rig.dreamos(['schedule', 'add', 'nightly', '0 3 * * *', 'reviewer', 'look', '--as', 'planner']);
  await rig.dreamos('reserve /src --as planner --reason x');
  for (const lease of ['10m', '20m']) await rig.dreamos(`config set lease ${lease} --as planner`);
  const made = await rig.dreamos('task create --title parse --requires ts --as planner --json');
  ids = { ready, dead, done, task: String(made.json[0]?.['id']) };
});

async function heldBy(): Promise<string> {
  const { json } = await rig.dreamos('read reviewer --json');
  return String(json[0]?.['receipt']);
}

const looks: readonly (readonly [command: string, address: (of: typeof ids) => string, as?: string])[] = [
  ['list', () => '/v1/list'],
  ['list reviewer --state all', () => '/v1/list?mailbox=reviewer&state=ready,inflight,delayed,archived,dead'],
  ['list --tag x --priority urgent', () => '/v1/list?tag=x&priority=urgent'],
  ['list --reason parse', () => '/v1/list?reason=parse'],
  ['status', () => '/v1/status'],
  ['status reviewer', () => '/v1/status?mailbox=reviewer'],
  ['peek reviewer', () => '/v1/peek', 'reviewer'],
  ['search needle', () => '/v1/search?text=needle'],
  ['thread t', () => '/v1/thread?id=t'],
  ['dlq list', () => '/v1/dlq/list'],
  ['archive list', () => '/v1/archive/list'],
  ['archive export', () => '/v1/archive/export'],
  ['archive search needle', () => '/v1/archive/search?text=needle'],
  ['agent list', () => '/v1/agent/list'],
  ['who --all', () => '/v1/who?all=true'],
  ['topics list', () => '/v1/topics/list'],
  ['schedule list', () => '/v1/schedule/list'],
  ['reserve list', () => '/v1/reservations/list'],
  ['resources show', () => '/v1/resources/show'],
  ['config get', () => '/v1/config/get'],
  ['config show lease --origin', () => '/v1/config/show?key=lease&origin=true'],
  ['config history', () => '/v1/config/history'],
  ['config diff 0', () => '/v1/config/diff?from=0'],
  ['task list', () => '/v1/tasks/list'],
  ['task list --all', () => '/v1/tasks/list?state=blocked,ready,assigned,active,done,failed,cancelled'],
  ['task export', () => '/v1/tasks/exportBeads'],
  ['audit list', () => '/v1/audit/list'],
  ['explain', () => '/v1/explain'],
  ['trust list', () => '/v1/trust/list'],
];

const single: readonly (readonly [command: (of: typeof ids) => string, address: (of: typeof ids) => string])[] = [
  [({ ready }) => `show ${ready}`, ({ ready }) => `/v1/show?id=${ready}`],
  [({ ready }) => `show ${ready}`, ({ ready }) => `/v1/show?id=${ready.slice(-6)}`],
  [({ dead }) => `dlq show reviewer ${dead}`, ({ dead }) => `/v1/dlq/show?id=${dead}`],
  [({ done }) => `archive show reviewer ${done}`, ({ done }) => `/v1/archive/show?id=${done}`],
  [() => 'agent show reviewer', () => '/v1/agent/show?name=reviewer'],
  [() => 'topics show build.done', () => '/v1/topics/show?topic=build.done'],
  [() => 'schedule show nightly', () => '/v1/schedule/show?name=nightly'],
  [({ task }) => `task show ${task}`, ({ task }) => `/v1/tasks/show?id=${task}`],
  [() => 'policy show', () => '/v1/policy/show'],
  [() => 'policy check send reviewer --as planner', () => '/v1/policy/check?verb=send&mailbox=reviewer&as=planner'],
  [
    () => 'agent show reviewer --a2a --url https://a.example',
    () => '/v1/agent/a2a?name=reviewer&url=https://a.example',
  ],
  [() => 'audit verify', () => '/v1/audit/verify'],
];

describe('as the command prints it', () => {
  test.each(looks.map(([command, address, as]) => ({ command, address, as })))(
    '$command',
    async ({ command, address, as }) => {
      const { out } = await rig.dreamos(`${command} --json${as === undefined ? '' : ` --as ${as}`}`);
      const asking = as === undefined ? {} : { as };
      const { text } = await rig.get(address(ids), { ...asking, accept: 'application/jsonl' });
      expect(text).toBe(out);
      const { value } = await rig.get(address(ids), asking);
      expect(JSON.stringify(value.items)).toBe(
        JSON.stringify(
          out
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as unknown),
        ),
      );
    },
  );

  test.each(single)('%s', async (command, address) => {
    const { out } = await rig.dreamos(`${command(ids)} --json`);
    expect(`${(await rig.get(address(ids))).text}\n`).toBe(out);
  });

  test('trace', async () => {
    const { out } = await rig.dreamos(`trace ${ids.done} --json`);
    expect((await rig.get(`/v1/trace?id=${ids.done}`, { accept: 'application/jsonl' })).text).toBe(out);
  });

  test('data that says more than a double arrives as it was written, both ways', async () => {
    const data = '{"n":1970670598291982290,"9":1,"1":2}';
    const { value } = await rig.post('/v1/send', `{"to":"planner","body":"x","data":${data}}`, { as: 'reviewer' });
    expect((await rig.get(`/v1/show?id=${value.id}`)).text).toContain(`"data":${data}`);
    expect((await rig.post('/v1/read', {}, { as: 'planner' })).text).toContain(`"data":${data}`);
    await rig.lines('/v1/sendAll', [`{"to":"planner","body":"y","data":${data}}`], { as: 'reviewer' });
    expect((await rig.get('/v1/peek', { as: 'planner' })).text).toContain(`"data":${data}`);
    const message = `{"to":"planner","body":"x","data":${data}}`;
    await rig.post('/v1/schedule/add', `{"name":"exact","cron":"0 3 * * *","message":${message}}`, { as: 'reviewer' });
    expect((await rig.dreamos('schedule show exact --json')).out).toContain('1970670598291982290');
  });
});
