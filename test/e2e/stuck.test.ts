/** What `doctor` and `top` say of work that does not go on, with real workers. */
import { describe, expect } from 'vitest';
import { type Rig, test, until } from './rig.ts';

const rules = async (rig: Rig): Promise<string[]> => {
  const { json } = await rig.dreamos('doctor --json');
  return json.flatMap(({ rule, level }) => (level === 'warning' ? String(rule) : []));
};

describe.concurrent('what is stuck', () => {
  test('a handler that goes on and on is named with its message until its worker is killed', async ({ rig }) => {
    await rig.dreamos('agent register reviewer --set lease=1s');
    const id = await rig.sent('send reviewer hello --as planner');
    const worker = rig.start('work reviewer -- sleep 600');
    await until('it is held beyond its lease', async () => (await rules(rig)).includes('held-long'));
    const [top] = (await rig.dreamos('top --json')).json;
    // Its label leads to its process.
    expect(JSON.stringify(top?.['stuck'])).toContain(`:${worker.child.pid}) has held ${id} for `);
    expect(top?.['stuck']).toMatchObject([{ rule: 'held-long', mailbox: 'reviewer', hint: `dreamos trace ${id}` }]);
    expect(top?.['agents']).toContainEqual(
      expect.objectContaining({ agent: 'reviewer', state: 'busy', holds: 1, held: [expect.objectContaining({ id })] }),
    );
    await worker.kill('SIGKILL');
    await until('it has come back', async () => (await rig.dreamos('status reviewer --json')).json[0]?.['ready'] === 1);
    expect(await rules(rig)).toEqual([]);
  });

  test('what waits behind a message of its ordering key that rests is named, and delivering that one ends it', async ({
    rig,
  }) => {
    const id = await rig.sent('send reviewer one --as planner --ordering-key k');
    await rig.sent('send reviewer two --as planner --ordering-key k');
    await rig.dreamos('read reviewer');
    await rig.dreamos(`nack ${id} --as reviewer --delay 1h`);
    const [found] = (await rig.dreamos('doctor --json')).json.filter(({ rule }) => rule === 'behind-key');
    expect(found).toMatchObject({ mailbox: 'reviewer', hint: `dreamos deliver ${id} now` });
    expect(await rig.dreamos(`deliver ${id} now`)).toMatchObject({ code: 0 });
    expect(await rules(rig)).toEqual([]);
  });
});
