import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { registerAgent } from '../../../../src/core/agents/agents.ts';
import { initRoot, openRoot } from '../../../../src/core/open-root.ts';
import { mostByChokidar } from '../../../../src/storage/file/events/pushes.ts';

// Node hands out a full inotify queue in one go, before timers and signals: with a look for each, a watcher that had been
// paused did not hear SIGTERM for 20 s.
test('a burst of appended lines is a few hints, the last of them behind the last line', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-watch-'));
  const { root } = await initRoot({ root: dir, agents: ['planner', 'reviewer'] });
  let hints = 0;
  let hintedAt = performance.now();
  const wake = await root.store.journal.watch(undefined, () => {
    hints++;
    hintedAt = performance.now();
  });
  try {
    // Two logs in turn, because inotify joins events of one file that follow each other.
    const logs = ['planner', 'reviewer'].map((name) =>
      join(dir, 'agent_mailboxes', name, 'events', '2026-11-20.jsonl'),
    );
    for (let n = 0; n < 2000; n++) appendFileSync(logs[n % 2] as string, '{}\n');
    const appendedAt = performance.now();
    while (hintedAt < appendedAt || performance.now() - hintedAt < 300) await pause(20);
    expect(hints).toBeGreaterThan(0);
    expect(hints).toBeLessThan(200);
  } finally {
    await wake.close();
    await root.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

// The reader that such a hint woke claimed the message, and wrote so, before the sender had written that it had arrived.
// Again where a busy machine told of the root's own making only now.
test("a new day's log is a hint with its first line, or soon, should that never come", { retry: 2 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-watch-'));
  const { root } = await initRoot({ root: dir, agents: ['planner', 'reviewer'] });
  const logs = ['planner', 'reviewer'].map((name) => join(dir, 'agent_mailboxes', name, 'events', '2026-11-20.jsonl'));
  let hints = 0;
  const wake = await root.store.journal.watch(undefined, () => hints++);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const [first = '', second = ''] = logs;
    writeFileSync(first, '');
    await turns(300);
    expect(hints).toBe(0);
    vi.advanceTimersByTime(100);
    expect(hints).toBe(1);
    writeFileSync(second, '');
    await turns(300);
    expect(hints).toBe(1);
    appendFileSync(second, '{}\n');
    await turns(5000, () => hints > 1);
    expect(hints).toBeGreaterThan(1);
  } finally {
    vi.useRealTimers();
    await wake.close();
    await root.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

// chokidar takes 24 KB and 0.3 ms for each folder: of 5,000 mailboxes 240 MB and 3 s.
test('of many mailboxes each hint says where, also of one that comes later or comes back', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-watch-'));
  const names = Array.from({ length: mostByChokidar / 2 + 1 }, (_, n) => `agent${n}`);
  const { root } = await initRoot({ root: dir, agents: names });
  const hinted: (ReadonlySet<string> | undefined)[] = [];
  const wake = await root.store.journal.watch(undefined, (where) => hinted.push(where));
  const nextIn = async (name: string): Promise<void> => {
    hinted.length = 0;
    appendFileSync(join(dir, 'agent_mailboxes', name, 'events', '2026-11-20.jsonl'), '{}\n');
    await vi.waitFor(() => expect(hinted.some((where) => where?.has(name))).toBe(true), 5000);
    expect(hinted.some((where) => where?.has('agent0') ?? true)).toBe(false);
  };
  const quiet = async (): Promise<void> => {
    for (let before = -1; before !== hinted.length;) {
      before = hinted.length;
      await pause(300);
    }
  };
  try {
    await quiet();
    await nextIn('agent7');
    await nextIn('agent90');
    await registerAgent(root, { name: 'late' });
    await quiet();
    await nextIn('late');
    rmSync(join(dir, 'agent_mailboxes', 'agent7'), { recursive: true });
    await quiet();
    const other = await openRoot({ root: dir });
    await registerAgent(other, { name: 'agent7' });
    await other.close();
    await quiet();
    await nextIn('agent7');
  } finally {
    await wake.close();
    await root.close();
    rmSync(dir, { recursive: true, force: true });
  }
}, 20_000);

/** Turns of the event loop, for so long and some at least, whatever the timers are. */
async function turns(ms: number, enough: () => boolean = () => false): Promise<void> {
  const until = performance.now() + ms;
  for (let n = 0; !enough() && (n < 50 || performance.now() < until); n++)
    await new Promise((resolve) => setImmediate(resolve));
}
