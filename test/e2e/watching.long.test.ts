/** `watch`: every event exactly once, however often it is ended; and mail that comes by time reaches whoever only waits. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, errorOf, idle, type Line, parseLines, pause, type Running, test, until } from './rig.ts';

describe.concurrent('a watcher sees every event exactly once', () => {
  const mailboxes = ['planner', 'reviewer'];
  const count = 40;
  // delivered, claimed, acked
  const all = mailboxes.length * count * 3;

  const startTraffic = (rig: Rig) => rig.worker('traffic.mjs', { root: rig.root, mailboxes, count, restMs: 25 });

  test('started before the deliveries and left alone', async ({ rig }) => {
    const watcher = rig.start('watch --json');
    await listening(rig, watcher);
    const before = watcher.lines().length;
    await finished(startTraffic(rig));
    await until('all events', () => watcher.lines().length >= before + all);
    expect(await watcher.kill('SIGTERM')).toMatchObject({ code: 143, err: '' });
    expectExactly(rig, parseLines(watcher.lines().join('\n')));
  });

  test('started after the deliveries, from the start', async ({ rig }) => {
    await finished(startTraffic(rig));
    const watcher = await rig.dreamos('watch --json --since start --wait 300ms');
    expect(watcher).toMatchObject({ code: 0, err: '' });
    expectExactly(rig, watcher.json);
  });

  test('started in the middle, killed by SIGKILL again and again, and resumed with --since @file', async ({ rig }) => {
    const traffic = startTraffic(rig);
    const file = join(rig.dir, 'seen.jsonl');
    const script = 'exec dreamos watch --json --since @seen.jsonl >> seen.jsonl';
    await until('some traffic', () => eventsOf(rig).length > 20);
    let over = false;
    void traffic.ended.then(() => {
      over = true;
    });
    let rounds = 0;
    while (!over || rounds < 4) {
      const watcher = rig.startShell(script);
      const lines = linesOf(file);
      await until('an event more, or the end', () => linesOf(file) > lines || over);
      await pause(Math.random() * 60);
      expect((await watcher.kill('SIGKILL')).signal).toBe('SIGKILL');
      rounds++;
    }
    await finished(traffic);
    const last = rig.startShell(script);
    await until('all events', () => linesOf(file) >= all);
    await last.kill('SIGTERM');
    expectExactly(rig, parseLines(readFileSync(file, 'utf8')));
  });

  test('stopped by SIGTERM again and again, and resumed with --since <cursor>', async ({ rig }) => {
    const traffic = startTraffic(rig);
    const seen: Line[] = [];
    let cursor = 'start';
    while (seen.length < all) {
      const watcher = rig.start(['watch', 'reviewer', 'planner', '--json', '--since', cursor]);
      await until('an event', () => watcher.lines().length > 0);
      await pause(Math.random() * 100);
      const ended = await watcher.kill('SIGTERM');
      expect(ended).toMatchObject({ code: 143, err: '' });
      seen.push(...ended.json);
      cursor = ended.json.at(-1)?.cursor ?? cursor;
    }
    await finished(traffic);
    expectExactly(rig, seen);
  });
});

describe.concurrent('mail that comes by time reaches an agent that only waits', () => {
  test('a delayed message, in `read --wait`', async ({ rig }) => {
    const reader = rig.start('read reviewer --wait 30s --json');
    const dueAt = Date.now() + 1500;
    const id = await rig.sent('send reviewer later --as planner --delay 1500ms');
    const ended = await reader.ended;
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.json).toMatchObject([{ attempt: 1, message: { id, body: 'later' } }]);
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt);
  });

  test('a delayed message, in `watch`', async ({ rig }) => {
    const watcher = rig.start('watch reviewer --json --since start --count 2 --wait 30s');
    const dueAt = Date.now() + 1500;
    const id = await rig.sent('send reviewer later --as planner --delay 1500ms');
    const { code, json } = await watcher.ended;
    expect(code).toBe(0);
    expect(json).toMatchObject([
      { event: 'scheduled', id },
      { event: 'delivered', id },
    ]);
    expect(Date.parse(String(json[1]?.['at']))).toBeGreaterThanOrEqual(dueAt);
  });

  test('an expired lease, in `read --wait`', async ({ rig }) => {
    const id = await rig.sent('send reviewer work --as planner');
    const first = (await rig.dreamos('read reviewer --lease 1s --json')).json[0];
    const second = await rig.dreamos('read reviewer --wait 30s --json');
    expect(second).toMatchObject({ code: 0, err: '' });
    expect(second.json).toMatchObject([{ attempt: 2, message: { id } }]);
    const claimedAt = Date.parse(second.json[0]?.leaseUntil ?? '') - 15 * 60_000;
    expect(claimedAt).toBeGreaterThanOrEqual(Date.parse(first?.leaseUntil ?? ''));
  });

  test('an expired lease, in `watch`', async ({ rig }) => {
    const id = await rig.sent('send reviewer work --as planner');
    const watcher = rig.start('watch reviewer --json --since start --count 3 --wait 30s');
    await until('the delivery', () => watcher.lines().length > 0);
    expect(await rig.dreamos('read reviewer --lease 1s')).toMatchObject({ code: 0 });
    const { code, json } = await watcher.ended;
    expect(code).toBe(0);
    expect(json.map(({ event }) => event)).toEqual(['delivered', 'claimed', 'lease_expired']);
    expect(json.map((event) => event.id)).toEqual([id, id, id]);
  });

  test('a message that comes while it waits wakes `read --wait` and `peek --wait` long before their time is over', async ({
    rig,
  }) => {
    const started = performance.now();
    const peek = rig.start('peek reviewer --wait 60s --json');
    await until(
      'peek has looked',
      () => existsSync(join(rig.box('reviewer'), 'events')) && performance.now() - started > 300,
    );
    const id = await rig.sent('send reviewer now --as planner');
    expect((await peek.ended).json).toMatchObject([{ attempt: 0, message: { id } }]);
    expect((await rig.dreamos('read reviewer --wait 60s --json')).json).toMatchObject([
      { attempt: 1, message: { id } },
    ]);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe.concurrent('how a watcher ends', () => {
  test('`dreamos watch | head -1` ends by itself and quietly', async ({ rig }) => {
    // More than fits into the pipe, so that the watcher still writes when `head` has gone.
    const lines = Array.from(
      { length: 1000 },
      (_, n) => `${JSON.stringify({ body: 'x', subject: `number ${n} ${'x'.repeat(100)}` })}\n`,
    );
    expect(await rig.dreamos('send reviewer --batch --as planner', { stdin: lines.join('') })).toMatchObject({
      code: 0,
    });
    const ended = await rig.shell('dreamos watch --since start | head -1; echo "codes ${PIPESTATUS[*]}"');
    expect(ended).toMatchObject({ code: 0, err: '' });
    const [line, codes, ...more] = ended.out.trim().split('\n');
    expect(line).toContain('delivered');
    expect({ codes, more }).toEqual({ codes: 'codes 0 0', more: [] });
  });

  test('`head -1` on a quiet mailbox: the next event ends the watcher', async ({ rig }) => {
    const pipe = rig.startShell('dreamos watch --since start | head -1; echo "codes ${PIPESTATUS[*]}"');
    await rig.sent('send reviewer 1 --as planner');
    await until('the line', () => pipe.lines().length > 0);
    await rig.sent('send reviewer 2 --as planner');
    expect((await pipe.ended).out.trim().split('\n').at(-1)).toBe('codes 0 0');
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`${signal} ends watch, read --wait and peek --wait with ${code}, quietly, and nothing is claimed`, async ({
      rig,
    }) => {
      const waiting = [
        'watch reviewer --json',
        'read reviewer --wait 60s',
        'peek reviewer --wait 60s',
        'status --watch --json',
      ];
      const running = waiting.map((words) => rig.start(words));
      // Only `status --watch` says anything by itself; the others are ready when their processes have been idle for long.
      await Promise.all(running.map((one) => idle(one)));
      for (const one of running)
        expect(await one.kill(signal), one.child.spawnargs.join(' ')).toMatchObject({ code, err: '' });
      await rig.sent('send reviewer after --as planner');
      expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ ready: 1, inflight: 0 }]);
    });
  }

  test('--wait without an event is exit 3, --count ends after so many', async ({ rig }) => {
    const silent = await rig.dreamos('watch reviewer --wait 200ms --json');
    expect({ exit: silent.code, out: silent.out, code: errorOf(silent).code }).toEqual({
      exit: 3,
      out: '',
      code: 'NOTHING_THERE',
    });
    for (const n of [1, 2, 3]) await rig.sent(`send reviewer ${n} --as planner`);
    expect((await rig.dreamos('watch --since start --count 2 --json')).json.length).toBe(2);
  });

  test('each event is exactly one line, and a person is told how to go on', async ({ rig }) => {
    const subject = 'two\nlines \u001B[2J and an escape';
    await rig.sent(['send', 'reviewer', 'body', '--as', 'planner', '--subject', subject]);
    const { out, err } = await rig.dreamos('watch reviewer --since start --count 1');
    expect(out.trimEnd().split('\n').length).toBe(1);
    expect(out).not.toContain('\u001B');
    const again = /dreamos (watch reviewer --since \S+)/.exec(err)?.[1] ?? '';
    expect(await rig.dreamos(`${again} --wait 200ms`)).toMatchObject({ code: 3, out: '' });
  });
});

/** It is listening once it sees what is sent to it. */
async function listening(rig: Rig, watcher: Running): Promise<void> {
  await until('the watcher listens', async () => {
    await rig.sent('send reviewer hello --as planner --quiet');
    return watcher.lines().length > 0;
  });
  // What was sent before it listened is not for it to see.
  const first = parseLines(watcher.lines().join('\n'))[0];
  skipped.set(
    rig,
    eventsOf(rig).findIndex(({ id }) => id === first?.id),
  );
}

/** How many events came before a watcher without --since began. */
const skipped = new WeakMap<Rig, number>();

async function finished(running: Running): Promise<void> {
  expect(await running.ended).toMatchObject({ code: 0, err: '' });
}

/** The event logs of all mailboxes, as `tail -f` would show them. */
function eventsOf(rig: Rig): Line[] {
  return ['reviewer', 'planner'].flatMap((agent) => {
    const logs = join(rig.box(agent), 'events');
    return readdirSync(logs).flatMap((log) => parseLines(readFileSync(join(logs, log), 'utf8').replace(/[^\n]*$/, '')));
  });
}

/** What was seen is what the logs hold: each event once, and in each mailbox in the log's order. */
function expectExactly(rig: Rig, seen: readonly Line[]): void {
  const logged = eventsOf(rig).slice(skipped.get(rig) ?? 0);
  for (const mailbox of ['reviewer', 'planner']) {
    const words = (events: readonly Line[]) =>
      events
        .filter((event) => event.mailbox === mailbox)
        .map(({ event, id, ...rest }) => `${String(rest['at'])} ${event} ${id}`);
    expect(words(seen)).toEqual(words(logged));
  }
  expect(new Set(seen.map(({ cursor }) => cursor)).size, 'each event has its own cursor').toBe(seen.length);
}

function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}
