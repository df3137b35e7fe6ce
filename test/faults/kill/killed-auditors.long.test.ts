/**
 * Eight at a time change settings and agents, half of them killed at any moment, while others verify. Whatever the moment: what
 * a command has said that it did is noted, nothing looks as if somebody had changed it, and every anchor holds.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AuditAnchor, Audited, AuditVerified } from '../../../src/contract/security/audit.ts';
import { pause, type Running, test } from '../../e2e/rig.ts';

const rounds = 6;
const racers = 8;

test('eight who are noted at once, half of them killed: the audit is whole, and what was said is in it', async ({
  bare: rig,
}) => {
  expect(await rig.dreamos('init ann')).toMatchObject({ code: 0 });
  const started = performance.now();
  await rig.dreamos('audit anchor');
  const wholeMs = performance.now() - started;
  const said: string[] = [];
  const killed: string[] = [];
  const anchors: string[] = [];
  const anchored = (out: string): void => {
    const [line] = out.split('\n').filter(Boolean);
    if (line !== undefined) anchors.push((JSON.parse(line) as AuditAnchor).anchor);
  };
  for (let round = 0; round < rounds; round++) {
    const racing = Array.from({ length: racers }, (_, i) => {
      const name = `agent-${round}-${i}`;
      // Each second one makes a checkpoint as well.
      const isAnchor = i % 4 > 1;
      const words = isAnchor ? 'audit anchor --json' : `agent register ${name} --json`;
      return { name, isAnchor, running: rig.start(words), isKilled: i % 2 === 0 };
    });
    const verifying = rig.dreamos('audit verify --json');
    await Promise.all(racing.map(endOf));
    expect(await verifying).toMatchObject({ code: 0 });
  }
  const { json, code } = await rig.dreamos('audit verify --json');
  const [verified] = json as unknown as AuditVerified[];
  expect({ code, findings: verified?.findings.filter(({ level }) => level === 'problem') }).toEqual({
    code: 0,
    findings: [],
  });
  expect(anchors.length).toBeGreaterThan(rounds);
  for (const anchor of anchors) expect((await rig.dreamos(`audit verify --anchor ${anchor}`)).code).toBe(0);
  const list = (await rig.dreamos('audit list --op agent --json')).json as unknown as Audited[];
  expect(list.map(({ args }) => args?.[0])).toEqual(expect.arrayContaining(said));
  // Of the keys that a kill has left, the next checkpoint leaves its own.
  expect((await rig.dreamos('audit anchor')).code).toBe(0);
  const keys = readdirSync(join(rig.root, 'audit')).filter((name) => name.endsWith('.key'));
  expect(keys).toHaveLength(1);
  // What was killed has perhaps made the mailbox without its card: said again, it is whole.
  for (const name of killed) expect((await rig.dreamos(`agent register ${name}`)).code).toBe(0);
  expect((await rig.dreamos('doctor')).out).not.toMatch(/problem/);

  async function endOf({
    name,
    isAnchor,
    running,
    isKilled,
  }: {
    name: string;
    isAnchor: boolean;
    running: Running;
    isKilled: boolean;
  }): Promise<void> {
    if (isKilled) {
      await pause(wholeMs * (0.3 + Math.random()));
      const { out } = await running.kill('SIGKILL');
      // It notes behind what it prints, so of a killed one nothing is certain but an anchor.
      if (isAnchor) anchored(out);
      else killed.push(name);
      return;
    }
    const { code: ended, out } = await running.ended;
    expect(ended).toBe(0);
    if (isAnchor) anchored(out);
    else said.push(name);
  }
});
