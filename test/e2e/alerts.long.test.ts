/** Real processes that check at the same time, and are killed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, test, until } from './rig.ts';

const kills = 6;
const agents = Array.from({ length: 6 }, (_, i) => `a${i}`);

/** Each of them has mail, about which the planner is told, and a line is written. */
async function waiting(rig: Rig, rule: object = {}): Promise<() => string[]> {
  expect((await rig.dreamos(['init', ...agents, '--quiet'])).code).toBe(0);
  const log = join(rig.dir, 'log');
  writeFileSync(log, '');
  const run = ['sh', '-c', `cat >> ${log}`];
  const alerts = [{ name: 'waiting', metric: 'ready', over: 0, mailbox: 'a*', to: 'planner', run, ...rule }];
  writeFileSync(join(rig.root, 'config.json'), JSON.stringify({ alerts }), { mode: 0o600 });
  expect((await rig.dreamos(`send ${agents.join(',')} hello --as reviewer --quiet`)).code).toBe(0);
  return () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
}

const mailboxesIn = (lines: readonly string[]) =>
  lines.map((line) => (JSON.parse(line) as { mailbox: string }).mailbox).toSorted();

async function toldByMail(rig: Rig): Promise<string[]> {
  const { json } = await rig.dreamos('list planner --type alert --state all --json');
  return json.map(({ message }) => (message['data'] as { mailbox: string }).mailbox).toSorted();
}

describe.concurrent('alerts', () => {
  test('of eight that check at once each message arrives once and each command runs once', async ({ rig }) => {
    const ran = await waiting(rig);
    const ended = await Promise.all(Array.from({ length: 8 }, () => rig.dreamos('alerts check --json')));
    expect(ended.map(({ code, err }) => ({ code, err }))).toEqual(ended.map(() => ({ code: 0, err: '' })));
    expect(await toldByMail(rig)).toEqual(agents.toSorted());
    expect(mailboxesIn(ran())).toEqual(agents.toSorted());
    expect((await rig.dreamos('doctor')).code).toBe(0);
  });

  test('checkers that are killed at any moment leave each message told once, and each command run', async ({ rig }) => {
    const ran = await waiting(rig);
    const path = join(rig.root, 'alerts.json');
    for (let i = 0; i < kills; i++) {
      const doomed = rig.start('alerts check --json');
      const before = ran().length;
      // Each of them comes a little further.
      let isOver = false as boolean;
      void doomed.ended.then(() => (isOver = true));
      await until('it has done something, or is over', () => isOver || ran().length > before + (i % 2));
      await doomed.kill('SIGKILL');
    }
    // Nobody waits here for two minutes.
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"until": "\d{4}/g, '"until": "2000'));
    expect((await rig.dreamos('alerts check --json')).code).toBe(0);
    expect(await toldByMail(rig)).toEqual(agents.toSorted());
    expect([...new Set(mailboxesIn(ran()))]).toEqual(agents.toSorted());
    // One more for each kill at most.
    expect(ran().length).toBeLessThanOrEqual(agents.length + kills);
    expect(readFileSync(path, 'utf8')).not.toContain('"runner"');
    expect((await rig.dreamos('doctor')).code).toBe(0);
  });

  test('a checker that gets Ctrl-C ends its command, which counts as not run', async ({ rig }) => {
    const ran = await waiting(rig, { run: ['sleep', '300'], to: undefined, mailbox: 'a0' });
    const checker = rig.start('alerts check');
    await until('it is noted who runs it', () => {
      try {
        return readFileSync(join(rig.root, 'alerts.json'), 'utf8').includes('"runner"');
      } catch {
        return false;
      }
    });
    expect(await checker.kill('SIGINT')).toMatchObject({ code: 130 });
    const { json } = await rig.dreamos('alerts list --json');
    const alert = json.find((one) => one['alert'] === 'waiting');
    expect(alert).toMatchObject({ state: 'firing' });
    expect(alert).not.toHaveProperty('told');
    expect(ran()).toEqual([]);
  });
});
