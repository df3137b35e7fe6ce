/** A machine whose clock is 400 days ahead for a while: each command is a process, and only its clock is another. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Ended, type Rig, type Words, test } from './rig.ts';

const shift = `const now = Date.now.bind(Date);
globalThis.Date = class extends Date {
  constructor(...given) { super(...(given.length > 0 ? given : [now() + ${400 * 86_400_000}])); }
  static now() { return now() + ${400 * 86_400_000}; }
};`;

function ahead({ dir, dreamos }: Rig, words: Words): Promise<Ended> {
  const script = join(dir, 'ahead.cjs');
  writeFileSync(script, shift);
  // The other program has nothing that could be put in front.
  return dreamos(words, { env: { NODE_OPTIONS: `--require ${script}`, DREAMOS_RUNTIME: 'node' } });
}

test('what was claimed, given back and scheduled then goes on when the clock is right again', async ({ rig }) => {
  const { dreamos } = rig;
  for (const body of ['held', 'back']) await dreamos(`send reviewer ${body} --as planner`);
  await dreamos(['schedule', 'add', 'hourly', '0 * * * *', 'planner', 'tick', '--as', 'planner']);
  await ahead(rig, 'maintain');
  const [held] = (await ahead(rig, 'read reviewer --json')).json;
  const [back] = (await ahead(rig, 'read reviewer --json')).json;
  expect(await ahead(rig, ['nack', back?.receipt ?? '', '--reason', 'busy'])).toMatchObject({ code: 0 });

  const told = (await dreamos('doctor --json')).json.map(({ rule, level }) => `${String(level)} ${String(rule)}`);
  expect(told.filter((one) => one === 'warning clock-ahead')).toHaveLength(3);
  const again = [await dreamos('read reviewer --json'), await dreamos('read reviewer --json')].map(
    ({ json }) => json[0],
  );
  expect(again.map((one) => one?.message.id)).toEqual([held?.message.id, back?.message.id]);
  expect((await dreamos(['ack', held?.receipt ?? ''])).code).toBe(5);
  expect((await dreamos('maintain')).err).toContain('the clock was ahead');
  const [schedule] = (await dreamos('schedule list --json')).json;
  expect(Date.parse(String(schedule?.['nextAt'])) - Date.now()).toBeLessThanOrEqual(3_600_000);
  expect((await dreamos('doctor --json')).json.filter(({ level }) => level === 'warning')).toMatchObject([
    { rule: 'schedule', message: expect.stringContaining('the clock was ahead') as string },
  ]);
});
