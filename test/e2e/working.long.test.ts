/** `work`: handlers as real processes, and what becomes of them and of their messages. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, expectRefusal, filesIn, type Line, parseLines, pause, test, until } from './rig.ts';

const asPlanner = { env: { DREAMOS_AGENT: 'planner' } };

/** One message for each subject, in order. @returns the ids */
async function sendAll(rig: Rig, subjects: readonly string[], more: object = {}): Promise<string[]> {
  // What failed does not come back while a slow machine still looks at it.
  expect((await rig.dreamos('config set backoffMin 1m')).code).toBe(0);
  const stdin = subjects.map((subject) => `${JSON.stringify({ body: 'words', subject, ...more })}\n`).join('');
  const { code, json, err } = await rig.dreamos('send reviewer --batch --json', { ...asPlanner, stdin });
  expect(code, err).toBe(0);
  return json.map(({ id }) => id);
}

const sh = (words: string, script: string): string[] => [...words.split(' '), '--', 'sh', '-c', script];

async function states(rig: Rig): Promise<Line> {
  const [line] = (await rig.dreamos('status reviewer --json')).json;
  if (line === undefined) throw new Error('no status');
  return line;
}

async function events(rig: Rig, id: string): Promise<Line[]> {
  const { json } = await rig.dreamos('watch reviewer --json --since start --wait 100ms');
  return json.filter((line) => line.id === id);
}

/** Gives a ready message data that no tool can print, sealed as an older build sealed it. */
function nestDeeply(rig: Rig, id: string): void {
  const file = join(rig.root, filesIn(rig.root).find((path) => path.includes(id)) ?? '');
  const levels = 20_000;
  const text = readFileSync(file, 'utf8').replace(
    '"data":{"n":1}',
    `"data":${'['.repeat(levels)}${']'.repeat(levels)}`,
  );
  const content = text.slice(0, text.lastIndexOf(',"digest":'));
  writeFileSync(file, `${content},"digest":"sha256:${createHash('sha256').update(content).digest('hex')}"}\n`);
}

/** What a handler has appended to a file, by lines. */
const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];

/** A zombie that nobody reaps is gone, too. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') === false;
  } catch {
    return false;
  }
}

describe.concurrent('what a handler gets', () => {
  test('the message on stdin as `read --json` prints it, its short fields in the environment, and never the body', async ({
    rig,
  }) => {
    const odd = {
      body: 'SECRET words',
      data: { key: 'SECRET data' },
      subject: 'a\u0000b\nc\u001B[2J',
      thread: 't'.repeat(512),
      orderingKey: 'repo-main',
    };
    const { json } = await rig.dreamos('send reviewer --batch --json', {
      ...asPlanner,
      stdin: `${JSON.stringify(odd)}\n`,
    });
    const ended = await rig.dreamos(sh('work reviewer -n 1', 'env > env.txt; cat'), {
      env: { DREAMOS_MSG_SUBJECT: 'of an outer worker', DREAMOS_MSG_OTHER: 'of an outer worker' },
    });
    expect(ended.code, ended.err).toBe(0);
    const [got] = ended.json;
    expect(got).toMatchObject({ mailbox: 'reviewer', attempt: 1, message: { id: json[0]?.id, ...odd } });
    const env = readFileSync(join(rig.dir, 'env.txt'), 'utf8');
    expect(env).not.toContain('SECRET');
    expect(env).not.toContain('outer worker');
    const lines = env.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        `DREAMOS_ROOT=${rig.root}`,
        'DREAMOS_AGENT=reviewer',
        expect.stringMatching(new RegExp(`^DREAMOS_LABEL=${hostname()}:\\d+$`)) as string,
        `DREAMOS_MSG_ID=${json[0]?.id}`,
        'DREAMOS_MSG_FROM=planner',
        String.raw`DREAMOS_MSG_SUBJECT=a\x00b\nc\x1b[2J`,
        `DREAMOS_MSG_THREAD=${odd.thread}`,
        'DREAMOS_MSG_REPLY_TO=',
        'DREAMOS_MSG_TOPIC=',
        'DREAMOS_MSG_ORDERING_KEY=repo-main',
        'DREAMOS_MSG_ATTEMPT=1',
        'DREAMOS_MSG_MAILBOX=reviewer',
        `DREAMOS_MSG_RECEIPT=${got?.receipt}`,
      ]),
    );
  });

  test('its worker is told apart from others of the mailbox, also in what the handler settles itself', async ({
    rig,
  }) => {
    const [id = ''] = await sendAll(rig, ['one']);
    const script = 'dreamos renew "$DREAMOS_MSG_RECEIPT" --quiet && dreamos ack "$DREAMOS_MSG_RECEIPT" --quiet';
    const worker = rig.start(sh('work reviewer -n 1 --label build-2', script));
    expect((await worker.ended).err).toContain('Working on what comes for reviewer. The label is build-2.');
    const steps = (await rig.dreamos(`trace ${id} --json`)).json.slice(1);
    expect(steps.map(({ event, label }) => [event, label])).toEqual([
      ['claimed', 'build-2'],
      ['renewed', 'build-2'],
      ['acked', 'build-2'],
    ]);
  });

  test('a command of its own that speaks of the same root and agent, also from elsewhere', async ({ rig }) => {
    await sendAll(rig, ['one']);
    const script = 'cd / && dreamos reply "$DREAMOS_MSG_RECEIPT" "got $DREAMOS_MSG_SUBJECT" --ack --quiet';
    const ended = await rig.dreamos(sh('work reviewer -n 1 --json', script));
    expect(ended.json).toMatchObject([{ outcome: 'settled', exitCode: 0 }]);
    expect((await rig.dreamos('read planner --json')).json).toMatchObject([
      { message: { from: 'reviewer', body: 'got one' } },
    ]);
    expect(await states(rig)).toMatchObject({ archived: 1, inflight: 0 });
  });

  test('stdin that it need not read, however long', async ({ rig }) => {
    await sendAll(rig, Array.from({ length: 5 }, String), { body: 'x'.repeat(900_000) });
    const ended = await rig.dreamos('work reviewer -n 5 --quiet -- true');
    expect(ended).toMatchObject({ code: 0, out: '', err: '' });
    expect(await states(rig)).toMatchObject({ archived: 5 });
  });

  test('its words as they are: no shell, no options of ours', async ({ rig }) => {
    writeFileSync(join(rig.dir, 'bin', '--help'), '#!/bin/sh\nprintf "<%s>" "$@"\n');
    chmodSync(join(rig.dir, 'bin', '--help'), 0o755);
    await sendAll(rig, ['one']);
    const words = ['--json', '$(id)', 'a b', '--', '*', '-n'];
    const { code, out } = await rig.dreamos(['work', 'reviewer', '-n', '1', '--', '--help', ...words]);
    expect({ code, out }).toEqual({ code: 0, out: words.map((word) => `<${word}>`).join('') });
  });
});

describe.concurrent('how a handler ends', () => {
  test('its exit code decides: 0 acks, 75 gives back unused, 65 is dead, all else is a failed attempt', async ({
    rig,
  }) => {
    const codes = ['0', '75', '65', '3', 'KILL'];
    const ids = await sendAll(rig, codes);
    const script =
      'case $DREAMOS_MSG_SUBJECT in KILL) kill -KILL $$;; *) echo "no $DREAMOS_MSG_SUBJECT" >&2; exit $DREAMOS_MSG_SUBJECT; esac';
    const { code, json } = await rig.dreamos(sh('work reviewer -n 5 --json', script));
    expect(code).toBe(0);
    const base = {
      receipt: expect.any(String) as string,
      mailbox: 'reviewer',
      attempt: 1,
      durationMs: expect.any(Number) as number,
    };
    expect(json).toEqual([
      { ...base, id: ids[0], outcome: 'acked', exitCode: 0, signal: null },
      { ...base, id: ids[1], outcome: 'returned', exitCode: 75, signal: null, reason: 'exit 75: no 75' },
      { ...base, id: ids[2], outcome: 'dead', exitCode: 65, signal: null, reason: 'exit 65: no 65' },
      { ...base, id: ids[3], outcome: 'failed', exitCode: 3, signal: null, reason: 'exit 3: no 3' },
      { ...base, id: ids[4], outcome: 'failed', exitCode: null, signal: 'SIGKILL', reason: 'killed by SIGKILL' },
    ]);
    expect(await states(rig)).toMatchObject({ archived: 1, dead: 1, delayed: 3, inflight: 0 });
    const attempts = (await rig.dreamos('list reviewer --state delayed --json')).json.map(({ id, attempt }) => [
      id,
      attempt,
    ]);
    expect(Object.fromEntries(attempts)).toEqual({ [ids[1] ?? '']: 0, [ids[3] ?? '']: 1, [ids[4] ?? '']: 1 });
    expect(await events(rig, ids[3] ?? '')).toMatchObject([
      { event: 'delivered' },
      { event: 'claimed', attempt: 1 },
      { event: 'nacked', attempt: 1, reason: 'exit 3: no 3' },
    ]);
    expect((await events(rig, ids[1] ?? '')).at(-1)).toMatchObject({ event: 'nacked', free: true });
  });

  test('--map-exit changes that', async ({ rig }) => {
    await sendAll(rig, ['3', '4', '5', '0']);
    const words = 'work reviewer -n 4 --json --map-exit 3=dead,4=ack,5=retry,0=fail';
    const { json } = await rig.dreamos(sh(words, 'exit $DREAMOS_MSG_SUBJECT'));
    expect(json.map((line) => line['outcome'])).toEqual(['dead', 'acked', 'returned', 'failed']);
  });

  test.for([
    ['--map-exit', '3'],
    ['--map-exit', '256=ack'],
    ['--map-exit', '3=perhaps'],
    ['--map-exit', '3=ack,3=dead'],
    ['--concurrency', '0'],
    ['--handler-timeout', 'soon'],
    ['--handler-timeout', '0'],
  ])('%s %s is refused before anything is claimed', async (words, { rig }) => {
    await sendAll(rig, ['one']);
    expectRefusal(await rig.dreamos(['work', 'reviewer', ...words, '--json', '--', 'true']), {
      exit: 2,
      code: 'USAGE',
      names: /"|twice|within 0/,
      next: /./,
    });
    expect(await states(rig)).toMatchObject({ ready: 1 });
  });

  test('the last lines of stderr are the reason in the dead-letter queue, and are passed on', async ({ rig }) => {
    const [id] = await sendAll(rig, ['one']);
    const script = 'for i in $(seq 1 500); do printf "\\007line %s\\033[31m\\n" $i >&2; done; exit 65';
    const { err } = await rig.dreamos(sh('work reviewer -n 1', script));
    expect(err).toContain('line 1\u001B[31m');
    const { json } = await rig.dreamos(`dlq show reviewer ${id} --json`);
    const reason = String(json[0]?.['reason']);
    expect(reason).toMatch(/^exit 65: \\x07line 481\n\\x07line 482/);
    expect(reason).toMatch(/line 500$/);
    expect(reason).not.toContain('\u001B');
  });

  test('without end on one line it is cut, and the end of it is kept', async ({ rig }) => {
    await sendAll(rig, ['one']);
    const { json } = await rig.dreamos(
      sh('work reviewer -n 1 --json', 'yes | head -c 1000000 | tr -d "\\n" >&2; echo end >&2; exit 1'),
    );
    const reason = String(json[0]?.['reason']);
    expect(reason.length).toBeLessThanOrEqual(2000);
    expect(reason).toMatch(/^exit 1: …y+end$/);
  });

  test('what it leaves running does not hold up the worker', async ({ rig }) => {
    await sendAll(rig, ['one', 'two']);
    const ended = await rig.dreamos(sh('work reviewer -n 2 --quiet', 'sleep 15 & echo $! >> pids; echo done'));
    expect(ended).toMatchObject({ code: 0, out: 'done\ndone\n' });
    const pids = linesOf(join(rig.dir, 'pids')).map(Number);
    expect(pids.filter(isAlive)).toHaveLength(2);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  });

  test.for([
    ['speaks now and then', 'while :; do echo tick; sleep 0.1; done'],
    ['speaks without end', 'exec yes'],
  ] as const)('its exit decides, although what it leaves running %s', async ([, left], { rig }) => {
    await sendAll(rig, ['one', 'two']);
    const script = `(${left}) & echo $! >> pids; exit 0`;
    const worker = rig.start(sh('work reviewer -n 2 --handler-timeout 4s --json', script));
    const { json } = await worker.ended;
    for (const pid of linesOf(join(rig.dir, 'pids'))) if (isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL');
    expect(json).toMatchObject([
      { outcome: 'acked', exitCode: 0 },
      { outcome: 'acked', exitCode: 0 },
    ]);
    for (const { durationMs } of json) expect(durationMs).toBeLessThan(10_000);
  });

  test('what an older build let be nested too deeply is handed over as it was written, and holds nobody up', async ({
    rig,
  }) => {
    const deep = await rig.sent('send reviewer deep --as planner --data {"n":1}');
    const good = await rig.sent('send reviewer good --as planner');
    nestDeeply(rig, deep);
    const { code, json } = await rig.dreamos(sh('work reviewer --wait 1s --json', 'cat >> got'));
    expect(code).toBe(0);
    expect(json).toMatchObject([deep, good].map((id) => ({ id, outcome: 'acked' })));
    const got = readFileSync(join(rig.dir, 'got'), 'utf8');
    expect(got).toContain(`"data":${'['.repeat(20_000)}]`);
    expect(parseLines(got)).toMatchObject([{ message: { id: deep } }, { message: { id: good } }]);
  });

  test('what it said before its exit is read to the end, also by a slow reader', async ({ rig }) => {
    await sendAll(rig, ['one']);
    const script = 'head -c 150000 /dev/zero | tr "\\0" x; (while :; do sleep 0.1; echo y; done) & echo $! >> pids';
    const words = `dreamos work reviewer -n 1 --quiet -- sh -c '${script}' | { sleep 4; tr -dc x | wc -c; }`;
    const { out } = await rig.shell(words);
    for (const pid of linesOf(join(rig.dir, 'pids'))) if (isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL');
    expect(Number(out)).toBe(150_000);
  });

  test('--handler-timeout ends all that it has started, also what does not listen', async ({ rig }) => {
    const [id] = await sendAll(rig, ['one']);
    const script =
      'sh -c "trap : TERM; while :; do sleep 1; done" & echo $! >> pids; sh -c "trap \'\' TERM; sleep 60" & echo $! >> pids; echo $$ >> pids; echo working >&2; wait';
    const { json } = await rig.dreamos(sh('work reviewer -n 1 --json --lease 3s --handler-timeout 500ms', script));
    expect(json).toMatchObject([{ id, outcome: 'failed', exitCode: null, signal: 'SIGTERM' }]);
    expect(json[0]?.['reason']).toMatch(/^the handler ran longer than 500ms; killed by SIGTERM: working/);
    const pids = linesOf(join(rig.dir, 'pids')).map(Number);
    expect(pids).toHaveLength(3);
    expect(pids.filter(isAlive)).toEqual([]);
    // Its lease of 3 s held until all were gone.
    expect((await events(rig, id ?? '')).map(({ event }) => event).filter((event) => event !== 'renewed')).toEqual([
      'delivered',
      'claimed',
      'nacked',
    ]);
  });
});

describe.concurrent('--reply', () => {
  test('sends what the handler prints, in the thread, and acks with it', async ({ rig }) => {
    const worker = rig.start(
      sh('work reviewer --reply -n 1 --json', 'cat | tr -dc 0-9a-z | wc -c | tr -d "\\n"; echo aside >&2'),
    );
    const sent = await rig.sent('send reviewer count --as planner');
    const { json } = await rig.dreamos('read planner --json --wait 20s');
    expect(json).toMatchObject([
      {
        message: {
          from: 'reviewer',
          replyTo: sent,
          thread: sent,
          type: 'reply',
          body: expect.stringMatching(/^\d+$/) as string,
        },
      },
    ]);
    expect((await worker.ended).json).toMatchObject([{ id: sent, outcome: 'acked', reply: json[0]?.message.id }]);
    expect(await states(rig)).toMatchObject({ archived: 1 });
  });

  test('nothing printed is no reply; what is no text or too much for any message is a failed attempt', async ({
    rig,
  }) => {
    await rig.dreamos('config set maxMessageBytes 1024');
    await sendAll(rig, ['true', String.raw`printf "\377"`, 'yes | head -c 200000000', 'yes | head -c 1024']);
    const { json } = await rig.dreamos(sh('work reviewer -n 4 --reply --json', 'eval "$DREAMOS_MSG_SUBJECT"'));
    expect(json).toMatchObject([
      { outcome: 'acked' },
      { outcome: 'failed', exitCode: 0, reason: expect.stringContaining('not UTF-8') as string },
      { outcome: 'failed', reason: 'The reply has 200000000 bytes; no message has more than 67108864.' },
      { outcome: 'acked', reply: expect.any(String) as string },
    ]);
    expect((await rig.dreamos('status planner --json')).json).toMatchObject([{ ready: 1 }]);
  });

  test('what its sender cannot take is kept, told with what to type, and sent by that', async ({ rig }) => {
    const id = await rig.sent('send reviewer count --as stranger');
    const worker = await rig.dreamos(sh('work reviewer --wait 1s --reply --json', 'echo run >> runs; echo forty-two'));
    expect(worker.json).toMatchObject([{ id, outcome: 'acked', replyKept: expect.any(String) as string }]);
    expect(linesOf(join(rig.dir, 'runs'))).toEqual(['run']);
    const [, typed = ''] = /take it: (.*)"/.exec(worker.err) ?? [];
    const { json } = await rig.dreamos(`thread ${id} --json`);
    expect(json).toMatchObject([
      { message: { id } },
      { message: { body: 'forty-two\n', replyTo: id, to: ['stranger'] } },
    ]);
    await rig.dreamos('agent register stranger');
    const later = await rig.shell(typed);
    expect(later.code, later.err).toBe(0);
    expect((await rig.dreamos('read stranger --json')).json).toMatchObject([
      { message: { from: 'reviewer', replyTo: id, thread: id, body: expect.stringContaining('forty-two') as string } },
    ]);
  });
});

describe.concurrent('a worker', () => {
  test('runs so many handlers at a time and no more, and settles each as it ends', async ({ rig }) => {
    const ids = await sendAll(rig, Array.from({ length: 9 }, String));
    const script = 'echo "+ $DREAMOS_MSG_ID" >> log; sleep 0.4; echo "- $DREAMOS_MSG_ID" >> log';
    const ended = await rig.dreamos(sh('work reviewer -n 9 --concurrency 3 --json', script));
    expect(ended.json.map(({ id }) => id).sort()).toEqual([...ids].sort());
    let now = 0;
    const levels = linesOf(join(rig.dir, 'log')).map((line) => (now += line.startsWith('+') ? 1 : -1));
    expect(Math.max(...levels)).toBe(3);
    expect(levels).toHaveLength(18);
  });

  test('one at a time: each is settled before the next is claimed, in order', async ({ rig }) => {
    const ids = await sendAll(rig, ['a', 'b', 'c']);
    const { out } = await rig.dreamos(sh('work reviewer -n 3', 'printf "$DREAMOS_MSG_SUBJECT"'));
    expect(out).toBe('abc');
    const { json } = await rig.dreamos('watch reviewer --json --since start --wait 100ms');
    expect(
      json.filter(({ event }) => event !== 'delivered').map(({ event, id }) => `${event} ${ids.indexOf(id)}`),
    ).toEqual([0, 1, 2].flatMap((n) => [`claimed ${n}`, `acked ${n}`]));
  });

  test('keeps its lease for as long as the handler runs', async ({ rig }) => {
    await sendAll(rig, ['one']);
    const worker = rig.start(sh('work reviewer -n 1 --lease 2s --json', 'echo x >> log; sleep 6'));
    await until('the handler runs', () => linesOf(join(rig.dir, 'log')).length > 0);
    const other = await rig.dreamos('read reviewer --wait 4500ms');
    expect(other.code).toBe(3);
    expect((await worker.ended).json).toMatchObject([{ outcome: 'acked', attempt: 1 }]);
    expect(linesOf(join(rig.dir, 'log'))).toHaveLength(1);
  });

  test('killed by SIGKILL loses nothing: the message comes again at once, and once', async ({ rig }) => {
    const [id] = await sendAll(rig, ['one']);
    const words = sh(
      'work reviewer -n 1 --json',
      'echo "$$ $DREAMOS_MSG_ATTEMPT" >> log; [ $DREAMOS_MSG_ATTEMPT = 2 ] || sleep 20',
    );
    const killed = rig.start(words);
    const log = join(rig.dir, 'log');
    await until('the handler runs', () => linesOf(log).length > 0);
    expect(await states(rig)).toMatchObject({ inflight: 1 });
    await killed.kill('SIGKILL');
    expect(await states(rig)).toMatchObject({ ready: 1, inflight: 0 });
    const next = await rig.dreamos(words);
    expect(next.json).toMatchObject([{ id, outcome: 'acked', attempt: 2 }]);
    expect(linesOf(log).map((line) => line.split(' ')[1])).toEqual(['1', '2']);
    // Nobody was left to end it.
    process.kill(-Number(linesOf(log)[0]?.split(' ')[0]), 'SIGKILL');
    const told = await events(rig, id ?? '');
    expect(told.map(({ event }) => event)).toEqual(['delivered', 'claimed', 'lease_expired', 'claimed', 'acked']);
    expect(told[2]).toMatchObject({ reason: 'its consumer ended' });
    expect(await states(rig)).toMatchObject({ archived: 1, ready: 0, inflight: 0, delayed: 0, dead: 0 });
  });

  test('killed by SIGKILL gives what it holds to those that wait, although nobody looks and leases are long', async ({
    rig,
  }) => {
    const ids = await sendAll(rig, ['1', '2', '3']);
    const log = join(rig.dir, 'log');
    const words = sh('work reviewer --concurrency 3 --quiet', 'echo $DREAMOS_MSG_ATTEMPT >> log; sleep 20');
    const killed = rig.start(words);
    await until('it holds all', () => linesOf(log).length === ids.length);
    const waiting = [rig.start(words), rig.start(words)];
    await until('the others wait', () => filesIn(rig.root).filter((path) => path.includes('/consumers/')).length === 3);
    await killed.kill('SIGKILL');
    await until('they have all of it', () => linesOf(log).filter((attempt) => attempt === '2').length === ids.length);
    for (const one of waiting) await one.kill('SIGKILL');
    // One that reads keeps what it has until its lease ends, for it ends long before its work.
    expect((await rig.dreamos('read reviewer')).code).toBe(0);
    expect(await states(rig)).toMatchObject({ ready: 2, inflight: 1 });
  });

  test('of several, killed by SIGKILL again and again: every message is finished once, and no attempt runs twice', async ({
    rig,
  }) => {
    await rig.dreamos('config set maxAttempts 100');
    const ids = await sendAll(rig, Array.from({ length: 24 }, String));
    const words = sh(
      'work reviewer --lease 1s --concurrency 3 --quiet',
      'echo "$DREAMOS_MSG_ID $DREAMOS_MSG_ATTEMPT" >> log; sleep 0.3',
    );
    const workers = [rig.start(words), rig.start(words)];
    const log = join(rig.dir, 'log');
    for (let kill = 0; kill < 5; kill++) {
      const before = linesOf(log).length;
      await until('some more work', () => linesOf(log).length > before + 1);
      await workers[kill % 2]?.kill('SIGKILL');
      workers[kill % 2] = rig.start(words);
    }
    await until('all are finished', async () => (await states(rig))['archived'] === ids.length);
    for (const worker of workers) {
      const { code, signal, out, err } = await worker.kill('SIGTERM');
      // One that is still starting does not listen to the signal yet, and is ended by it.
      expect({ ended: code === 143 || signal === 'SIGTERM', out, err }).toEqual({ ended: true, out: '', err: '' });
    }
    expect(await states(rig)).toMatchObject({ ready: 0, inflight: 0, delayed: 0, dead: 0 });
    const runs = linesOf(log);
    expect(new Set(runs).size).toBe(runs.length);
    expect(runs.length).toBeGreaterThan(ids.length);
    expect(new Set(runs.map((run) => run.split(' ')[0]))).toEqual(new Set(ids));
    const { json: archived } = await rig.dreamos('archive list reviewer -n 99 --json');
    expect(archived.map(({ id }) => id).sort()).toEqual([...ids].sort());
    // An ack is told once, or not at all by a worker that dies between its two steps (`help guarantees`).
    const { json: told } = await rig.dreamos('watch reviewer --json --since start --wait 100ms');
    const acks = told.filter(({ event }) => event === 'acked').map(({ id }) => id);
    expect(new Set(acks).size).toBe(acks.length);
    expect(acks.length).toBeGreaterThanOrEqual(ids.length - 5 * 3);
  });

  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)(
    'at %s finishes what runs, however long that takes, and takes nothing new',
    async ([signal, code], { rig }) => {
      await sendAll(rig, ['one', 'two']);
      const worker = rig.start(sh('work reviewer --json', 'echo x >> log; sleep 4'));
      await until('the handler runs', () => linesOf(join(rig.dir, 'log')).length > 0);
      const ended = await worker.kill(signal);
      expect(ended).toMatchObject({ code, err: '' });
      expect(ended.json).toMatchObject([{ outcome: 'acked' }]);
      expect(await states(rig)).toMatchObject({ archived: 1, ready: 1, inflight: 0 });
    },
  );

  test('under nohup goes on when its terminal is closed', async ({ rig }) => {
    const script = `nohup dreamos work reviewer --json -- sh -c 'echo x >> log; sleep 1'`;
    const worker = rig.startShell(script);
    await sendAll(rig, ['one']);
    await until('the handler runs', () => linesOf(join(rig.dir, 'log')).length > 0);
    worker.child.kill('SIGHUP');
    await sendAll(rig, ['two']);
    await until('both are done', async () => (await states(rig))['archived'] === 2);
    expect(await worker.kill('SIGTERM')).toMatchObject({ code: 143, err: '' });
  });

  test('opens no inspector at SIGUSR1', async ({ rig }) => {
    const worker = rig.start('work reviewer -- true');
    await until('it waits', () => worker.err().includes('Working'));
    worker.child.kill('SIGUSR1');
    await sendAll(rig, ['one']);
    await until('it works on', async () => (await states(rig))['archived'] === 1);
    expect((await worker.kill('SIGTERM')).err).not.toContain('Debugger');
  });

  test('idle ends at once at a signal', async ({ rig }) => {
    const worker = rig.start('work reviewer -- true');
    await until('it waits', () => worker.err().includes('Working'));
    await pause(200);
    expect(await worker.kill('SIGTERM')).toMatchObject({ code: 143, out: '' });
  });

  test('at a second signal ends its handlers, also those that do not listen, and gives their messages back', async ({
    rig,
  }) => {
    const [id, other] = await sendAll(rig, ['one', 'two']);
    const script = 'echo $$ >> pids; trap "" TERM; sleep 30 & echo $! >> pids; wait; wait; sleep 30';
    const worker = rig.start(sh('work reviewer --concurrency 2 --json', script));
    const pids = () => linesOf(join(rig.dir, 'pids')).map(Number);
    await until('the handlers run', () => pids().length === 4);
    worker.child.kill('SIGTERM');
    await pause(300);
    expect(pids().every(isAlive)).toBe(true);
    const ended = await worker.kill('SIGTERM');
    expect(ended).toMatchObject({ code: 143, err: '' });
    expect(new Set(ended.json.map((line) => line.id))).toEqual(new Set([id, other]));
    for (const line of ended.json)
      expect(line).toMatchObject({ outcome: 'returned', reason: 'the worker was stopped' });
    expect(pids().filter(isAlive)).toEqual([]);
    const listed = (await rig.dreamos('list reviewer --json')).json;
    expect(listed).toMatchObject([
      { state: 'ready', attempt: 0 },
      { state: 'ready', attempt: 0 },
    ]);
  });

  test('prints what handlers print; with --json one line for each message instead', async ({ rig }) => {
    await sendAll(rig, ['one', 'two', 'three']);
    const plain = await rig.dreamos(sh('work reviewer -n 1', 'echo out; echo err >&2'));
    expect(plain.out).toBe('out\n');
    expect(plain.err).toMatch(/^err$/m);
    expect(plain.err).toMatch(/^[0-9A-Z]{26} acked after \d+m?s$/m);
    const json = await rig.dreamos(sh('work reviewer -n 1 --json', 'echo out; echo err >&2'));
    expect(parseLines(json.out)).toMatchObject([{ outcome: 'acked' }]);
    expect(json.err.split('\n').sort()).toEqual(['', 'err', 'out']);
    const quiet = await rig.dreamos(sh('work reviewer -n 1 --quiet', 'echo out; echo err >&2'));
    expect(quiet).toMatchObject({ out: 'out\n', err: 'err\n' });
  });

  test('whose reader is slow loses nothing of what its handlers print', async ({ rig }) => {
    await sendAll(rig, ['one']);
    const script = `dreamos work reviewer -n 1 --quiet -- sh -c 'yes | head -c 200000' | (sleep 3; wc -c)`;
    expect((await rig.shell(script)).out.trim()).toBe('200000');
  });

  test('whose reader has gone takes no more, and blames no message for it', async ({ rig }) => {
    await sendAll(rig, Array.from({ length: 20 }, String));
    const { code, out, err } = await rig.shell("dreamos work reviewer --quiet -- sh -c 'echo out' | head -n 1");
    expect({ code, out, err }).toEqual({ code: 0, out: 'out\n', err: '' });
    const { archived, ready, inflight, delayed } = await states(rig);
    expect({ inflight, delayed }).toEqual({ inflight: 0, delayed: 0 });
    expect(Number(archived) + Number(ready)).toBe(20);
    expect(Number(ready)).toBeGreaterThan(0);
  });

  test('whose command is not there takes no mail', async ({ rig }) => {
    await sendAll(rig, ['one']);
    writeFileSync(join(rig.dir, 'not-executable'), '#!/bin/sh\n', { mode: 0o644 });
    for (const command of ['no-such-command', './no-such-command', './not-executable', './bin', '']) {
      const ended = await rig.dreamos(['work', 'reviewer', '--json', '--', command]);
      expectRefusal(ended, { exit: 2, code: 'COMMAND_NOT_STARTED', names: `"${command}"`, next: /ls -l/ });
    }
    expect(await events(rig, (await rig.dreamos('peek reviewer --json')).json[0]?.message.id ?? '')).toHaveLength(1);
  });

  test('whose command cannot be started after all gives the message back unused, and ends', async ({ rig }) => {
    await sendAll(rig, ['one', 'two']);
    writeFileSync(join(rig.dir, 'odd'), '#!/no/such/interpreter\n', { mode: 0o755 });
    const ended = await rig.dreamos('work reviewer -- ./odd');
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('could not be started');
    expect((await rig.dreamos('list reviewer --json')).json).toMatchObject([
      { state: 'ready', attempt: 0 },
      { state: 'ready', attempt: 0 },
    ]);
  });

  test('needs its command behind "--", and ends when nothing came', async ({ rig }) => {
    for (const words of ['work', 'work reviewer', 'work reviewer true', 'work reviewer --']) {
      expectRefusal(await rig.dreamos(`${words} --json`.replace('-- --json', '--json --')), {
        exit: 2,
        code: 'USAGE',
        names: 'behind "--"',
        next: words.endsWith(' true') ? 'dreamos work reviewer -- true' : 'dreamos work --help',
      });
    }
    expect(await rig.dreamos('work reviewer --wait 50ms --quiet -- true')).toMatchObject({
      code: 3,
      out: '',
      err: '',
    });
    expect(await rig.dreamos('work --as reviewer --wait 50ms --from nobody -- true')).toMatchObject({ code: 3 });
  });
});
