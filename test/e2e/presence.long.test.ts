/** Who is there, with real processes that are killed and stopped. */
import { describe, expect } from 'vitest';
import { pause, type Rig, test, until } from './rig.ts';

async function stateOf(rig: Rig, agent = 'reviewer'): Promise<string> {
  const { json, err } = await rig.dreamos(`who ${agent} --json`);
  const presence = json[0]?.['presence'] as { state?: string } | undefined;
  if (presence?.state === undefined) throw new Error(`no state: ${err}`);
  return presence.state;
}

const becomes = (rig: Rig, state: string) => until(`it is ${state}`, async () => (await stateOf(rig)) === state);

describe.concurrent('who is there', () => {
  test('an agent is gone as soon as its process is killed, not while it is stopped, and back with the next one', async ({
    rig,
  }) => {
    const script = rig.startShell('echo begun; exec sleep 60');
    await until('the script runs', () => script.lines().includes('begun'));
    expect((await rig.dreamos(`agent start reviewer --pid ${script.child.pid}`)).code).toBe(0);
    script.child.kill('SIGSTOP');
    expect(await stateOf(rig)).toBe('ready');
    await script.kill('SIGKILL');
    expect(await stateOf(rig)).toBe('gone');
    // Reading does not bring back what has ended; saying so does.
    await rig.dreamos('read reviewer');
    expect(await stateOf(rig)).toBe('gone');
    expect((await rig.dreamos('agent heartbeat reviewer')).code).toBe(0);
    expect(await stateOf(rig)).toBe('ready');
    const refused = await rig.dreamos(`agent heartbeat reviewer --pid ${script.child.pid}`);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(`There is no process ${script.child.pid} on this machine.`);
  });

  test('a worker is there while its handler runs; stopped it is late, then gone; and it comes back by going on', async ({
    rig,
  }) => {
    expect((await rig.dreamos('agent start reviewer --set heartbeat=1s')).code).toBe(0);
    await rig.sent('send reviewer hello --as planner');
    const worker = rig.start('work reviewer --count 1 -- sleep 60');
    await until(
      'the handler runs',
      async () => (await rig.dreamos('status reviewer --json')).json[0]?.['inflight'] === 1,
    );
    // Longer than it may be silent: no other look at its mailbox would say that it is there.
    await pause(2500);
    expect(await stateOf(rig)).toBe('busy');
    worker.child.kill('SIGSTOP');
    await becomes(rig, 'late');
    await becomes(rig, 'gone');
    worker.child.kill('SIGCONT');
    await becomes(rig, 'busy');
    await worker.kill('SIGKILL');
    await becomes(rig, 'gone');
  });

  test('who follows its mailbox is there, and says nothing of others', async ({ rig }) => {
    for (const name of ['reviewer', 'planner'])
      expect((await rig.dreamos(`agent start ${name} --set heartbeat=1s`)).code).toBe(0);
    const watching = rig.start('watch reviewer --wait 60s');
    await becomes(rig, 'ready');
    await until('planner is gone', async () => (await stateOf(rig, 'planner')) === 'gone');
    expect(await stateOf(rig)).toBe('ready');
    await watching.kill('SIGKILL');
    await becomes(rig, 'gone');
  });
});
