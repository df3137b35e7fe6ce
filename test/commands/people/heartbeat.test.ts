import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('agent heartbeat says how the acting agent is, or the one that is named', async () => {
  const busy = await rig.dreamos(['agent', 'heartbeat', '--status', 'busy', '--note', 'reads', '--as', 'planner']);
  expect(busy).toMatchObject({ code: 0, out: 'planner is busy: reads\n' });
  expect((await rig.dreamos('agent heartbeat reviewer --json')).json).toMatchObject([
    { agent: 'reviewer', state: 'ready', status: 'idle' },
  ]);
  expect((await rig.dreamos('agent list --json')).json.map((one) => one['presence'])).toMatchObject([
    { state: 'busy', note: 'reads' },
    { state: 'ready' },
  ]);
});

test('agent start registers, says that it is ready and what waits, and may be repeated', async () => {
  await rig.sent();
  const words = 'agent start reviewer --kind core --capability ts --group crew --max-tasks 2 --json';
  const [started] = (await rig.dreamos(words)).json;
  expect(started).toMatchObject({ agent: 'reviewer', created: false, presence: { state: 'ready' }, ready: 1 });
  expect((await rig.dreamos('agent show reviewer --json')).json).toMatchObject([
    { kind: 'core', capabilities: ['ts'], groups: ['crew'], maxTasks: 2 },
  ]);
  expect((await rig.dreamos('agent start scribe')).out).toBe('scribe is ready; its mailbox has nothing unread\n');
  expect((await rig.dreamos('agent start --as scribe --json')).json).toMatchObject([
    { agent: 'scribe', created: false },
  ]);
  expect((await rig.dreamos('agent list')).out).toMatch(/\nreviewer +ready since \S+ +core +1 +crew/);
});

test('agent start says what of the settings is broken, and makes nothing', async () => {
  const refused = await rig.dreamos('agent start scribe', { env: { DREAMOS_LEASE: 'soon' } });
  expect(refused).toMatchObject({ code: 6, out: '' });
  expect(refused.err).toContain('DREAMOS_LEASE');
  expect((await rig.dreamos('agent show scribe')).code).toBe(4);
});

test.each([
  ['agent heartbeat reviewer --status asleep', 2],
  ['agent heartbeat reviewer --pid x', 2],
  ['agent heartbeat nobody', 4],
  ['agent heartbeat', 2],
  ['agent start', 2],
  ['agent start scribe --kind boss', 6],
  ['agent start ../x', 6],
])('%s is refused with %i', async (line, code) => {
  expect(await rig.dreamos(line)).toMatchObject({ code, out: '' });
});
