/** `work`: handlers as real processes, and what becomes of them and of their messages. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Bench, expectRefusal, type Line, parseLines, pause, test, until } from './rig.ts';

const asPlanner = { env: { DREAMOS_AGENT: 'planner' } };

/** One message for each subject, in order. @returns the ids */
async function sendAll(bench: Bench, subjects: readonly string[], more: object = {}): Promise<string[]> {
  // What failed does not come back while a slow machine still looks at it.
  expect((await bench.dreamos('config set backoffMin 1m')).code).toBe(0);
  const stdin = subjects.map((subject) => `${JSON.stringify({ body: 'words', subject, ...more })}\n`).join('');
  const { code, json, err } = await bench.dreamos('send reviewer --batch --json', { ...asPlanner, stdin });
  expect(code, err).toBe(0);
  return json.map(({ id }) => id);
}

const sh = (words: string, script: string): string[] => [...words.split(' '), '--', 'sh', '-c', script];

async function states(bench: Bench): Promise<Line> {
  const [line] = (await bench.dreamos('status reviewer --json')).json;
  if (line === undefined) throw new Error('no status');
  return line;
}

async function events(bench: Bench, id: string): Promise<Line[]> {
  const { json } = await bench.dreamos('watch reviewer --json --since start --wait 100ms');
  return json.filter((line) => line.id === id);
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
    bench,
  }) => {
    const odd = {
      body: 'SECRET words',
      data: { key: 'SECRET data' },
      subject: 'a\u0000b\nc\u001B[2J',
      thread: 't'.repeat(200_000),
      orderingKey: 'repo-main',
    };
    const { json } = await bench.dreamos('send reviewer --batch --json', {
      ...asPlanner,
      stdin: `${JSON.stringify(odd)}\n`,
    });
    const ended = await bench.dreamos(sh('work reviewer -n 1', 'env > env.txt; cat'), {
      env: { DREAMOS_MSG_SUBJECT: 'of an outer worker', DREAMOS_MSG_OTHER: 'of an outer worker' },
    });
    expect(ended.code, ended.err).toBe(0);
    const [got] = ended.json;
    expect(got).toMatchObject({ mailbox: 'reviewer', attempt: 1, message: { id: json[0]?.id, ...odd } });
    const env = readFileSync(join(bench.dir, 'env.txt'), 'utf8');
    expect(env).not.toContain('SECRET');
    expect(env).not.toContain('outer worker');
    const lines = env.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        `DREAMOS_ROOT=${bench.root}`,
        'DREAMOS_AGENT=reviewer',
        `DREAMOS_MSG_ID=${json[0]?.id}`,
        'DREAMOS_MSG_FROM=planner',
        String.raw`DREAMOS_MSG_SUBJECT=a\x00b\nc\x1b[2J`,
        'DREAMOS_MSG_THREAD=',
        'DREAMOS_MSG_REPLY_TO=',
        'DREAMOS_MSG_TOPIC=',
        'DREAMOS_MSG_ORDERING_KEY=repo-main',
        'DREAMOS_MSG_ATTEMPT=1',
        'DREAMOS_MSG_MAILBOX=reviewer',
        `DREAMOS_MSG_RECEIPT=${got?.receipt}`,
      ]),
    );
  });

  test('a command of its own that speaks of the same root and agent, also from elsewhere', async ({ bench }) => {
    await sendAll(bench, ['one']);
    const script = 'cd / && dreamos reply "$DREAMOS_MSG_RECEIPT" "got $DREAMOS_MSG_SUBJECT" --ack --quiet';
    const ended = await bench.dreamos(sh('work reviewer -n 1 --json', script));
    expect(ended.json).toMatchObject([{ outcome: 'settled', exitCode: 0 }]);
    expect((await bench.dreamos('read planner --json')).json).toMatchObject([
      { message: { from: 'reviewer', body: 'got one' } },
    ]);
    expect(await states(bench)).toMatchObject({ archived: 1, inflight: 0 });
  });

  test('stdin that it need not read, however long', async ({ bench }) => {
    await sendAll(bench, Array.from({ length: 5 }, String), { body: 'x'.repeat(900_000) });
    const ended = await bench.dreamos('work reviewer -n 5 --quiet -- true');
    expect(ended).toMatchObject({ code: 0, out: '', err: '' });
    expect(await states(bench)).toMatchObject({ archived: 5 });
  });

  test('its words as they are: no shell, no options of ours', async ({ bench }) => {
    writeFileSync(join(bench.dir, 'bin', '--help'), '#!/bin/sh\nprintf "<%s>" "$@"\n');
    chmodSync(join(bench.dir, 'bin', '--help'), 0o755);
    await sendAll(bench, ['one']);
    const words = ['--json', '$(id)', 'a b', '--', '*', '-n'];
    const { code, out } = await bench.dreamos(['work', 'reviewer', '-n', '1', '--', '--help', ...words]);
    expect({ code, out }).toEqual({ code: 0, out: words.map((word) => `<${word}>`).join('') });
  });
});

describe.concurrent('how a handler ends', () => {
  test('its exit code decides: 0 acks, 75 gives back unused, 65 is dead, all else is a failed attempt', async ({
    bench,
  }) => {
    const codes = ['0', '75', '65', '3', 'KILL'];
    const ids = await sendAll(bench, codes);
    const script =
      'case $DREAMOS_MSG_SUBJECT in KILL) kill -KILL $$;; *) echo "no $DREAMOS_MSG_SUBJECT" >&2; exit $DREAMOS_MSG_SUBJECT; esac';
    const { code, json } = await bench.dreamos(sh('work reviewer -n 5 --json', script));
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
    expect(await states(bench)).toMatchObject({ archived: 1, dead: 1, delayed: 3, inflight: 0 });
    const attempts = (await bench.dreamos('list reviewer --state delayed --json')).json.map(({ id, attempt }) => [
      id,
      attempt,
    ]);
    expect(Object.fromEntries(attempts)).toEqual({ [ids[1] ?? '']: 0, [ids[3] ?? '']: 1, [ids[4] ?? '']: 1 });
    expect(await events(bench, ids[3] ?? '')).toMatchObject([
      { event: 'delivered' },
      { event: 'claimed', attempt: 1 },
      { event: 'nacked', attempt: 1, reason: 'exit 3: no 3' },
    ]);
    expect((await events(bench, ids[1] ?? '')).at(-1)).toMatchObject({ event: 'nacked', free: true });
  });

  test('--map-exit changes that', async ({ bench }) => {
    await sendAll(bench, ['3', '4', '5', '0']);
    const words = 'work reviewer -n 4 --json --map-exit 3=dead,4=ack,5=retry,0=fail';
    const { json } = await bench.dreamos(sh(words, 'exit $DREAMOS_MSG_SUBJECT'));
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
  ])('%s %s is refused before anything is claimed', async (words, { bench }) => {
    await sendAll(bench, ['one']);
    expectRefusal(await bench.dreamos(['work', 'reviewer', ...words, '--json', '--', 'true']), {
      exit: 2,
      code: 'USAGE',
      names: /"|twice|within 0/,
      next: /./,
    });
    expect(await states(bench)).toMatchObject({ ready: 1 });
  });

  test('the last lines of stderr are the reason in the dead-letter queue, and are passed on', async ({ bench }) => {
    const [id] = await sendAll(bench, ['one']);
    const script = 'for i in $(seq 1 500); do printf "\\007line %s\\033[31m\\n" $i >&2; done; exit 65';
    const { err } = await bench.dreamos(sh('work reviewer -n 1', script));
    expect(err).toContain('line 1\u001B[31m');
    const { json } = await bench.dreamos(`dlq show reviewer ${id} --json`);
    const reason = String(json[0]?.['reason']);
    expect(reason).toMatch(/^exit 65: \\x07line 481\n\\x07line 482/);
    expect(reason).toMatch(/line 500$/);
    expect(reason).not.toContain('\u001B');
  });

  test('without end on one line it is cut, and the end of it is kept', async ({ bench }) => {
    await sendAll(bench, ['one']);
    const { json } = await bench.dreamos(
      sh('work reviewer -n 1 --json', 'yes | head -c 1000000 | tr -d "\\n" >&2; echo end >&2; exit 1'),
    );
    const reason = String(json[0]?.['reason']);
    expect(reason.length).toBeLessThanOrEqual(2000);
    expect(reason).toMatch(/^exit 1: …y+end$/);
  });

  test('what it leaves running does not hold up the worker', async ({ bench }) => {
    await sendAll(bench, ['one', 'two']);
    const ended = await bench.dreamos(sh('work reviewer -n 2 --quiet', 'sleep 15 & echo $! >> pids; echo done'));
    expect(ended).toMatchObject({ code: 0, out: 'done\ndone\n' });
    const pids = linesOf(join(bench.dir, 'pids')).map(Number);
    expect(pids.filter(isAlive)).toHaveLength(2);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  });

  test('--handler-timeout ends all that it has started, also what does not listen', async ({ bench }) => {
    const [id] = await sendAll(bench, ['one']);
    const script =
      'sh -c "trap : TERM; while :; do sleep 1; done" & echo $! >> pids; sh -c "trap \'\' TERM; sleep 60" & echo $! >> pids; echo $$ >> pids; echo working >&2; wait';
    const { json } = await bench.dreamos(sh('work reviewer -n 1 --json --lease 3s --handler-timeout 500ms', script));
    expect(json).toMatchObject([{ id, outcome: 'failed', exitCode: null, signal: 'SIGTERM' }]);
    expect(json[0]?.['reason']).toMatch(/^the handler ran longer than 500ms; killed by SIGTERM: working/);
    const pids = linesOf(join(bench.dir, 'pids')).map(Number);
    expect(pids).toHaveLength(3);
    expect(pids.filter(isAlive)).toEqual([]);
    // Its lease of 3 s held until all were gone.
    expect((await events(bench, id ?? '')).map(({ event }) => event).filter((event) => event !== 'renewed')).toEqual([
      'delivered',
      'claimed',
      'nacked',
    ]);
  });
});

describe.concurrent('--reply', () => {
  test('sends what the handler prints, in the thread, and acks with it', async ({ bench }) => {
    const worker = bench.start(
      sh('work reviewer --reply -n 1 --json', 'cat | tr -dc 0-9a-z | wc -c | tr -d "\\n"; echo aside >&2'),
    );
    const sent = await bench.sent('send reviewer count --as planner');
    const { json } = await bench.dreamos('read planner --json --wait 20s');
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
    expect(await states(bench)).toMatchObject({ archived: 1 });
  });

  test('nothing printed is no reply; what is no text or too much is a failed attempt', async ({ bench }) => {
    await bench.dreamos('config set maxMessageBytes 1024');
    await sendAll(bench, ['true', String.raw`printf "\377"`, 'yes | head -c 200000000', 'yes | head -c 1024']);
    const { json } = await bench.dreamos(sh('work reviewer -n 4 --reply --json', 'eval "$DREAMOS_MSG_SUBJECT"'));
    expect(json).toMatchObject([
      { outcome: 'acked' },
      { outcome: 'failed', exitCode: 0, reason: expect.stringContaining('not UTF-8') as string },
      { outcome: 'failed', reason: 'The reply has 200000000 bytes; planner takes at most 1024.' },
      { outcome: 'acked', reply: expect.any(String) as string },
    ]);
    expect((await bench.dreamos('status planner --json')).json).toMatchObject([{ ready: 1 }]);
  });
});

describe.concurrent('a worker', () => {
  test('runs so many handlers at a time and no more, and settles each as it ends', async ({ bench }) => {
    const ids = await sendAll(bench, Array.from({ length: 9 }, String));
    const script = 'echo "+ $DREAMOS_MSG_ID" >> log; sleep 0.4; echo "- $DREAMOS_MSG_ID" >> log';
    const ended = await bench.dreamos(sh('work reviewer -n 9 --concurrency 3 --json', script));
    expect(ended.json.map(({ id }) => id).sort()).toEqual([...ids].sort());
    let now = 0;
    const levels = linesOf(join(bench.dir, 'log')).map((line) => (now += line.startsWith('+') ? 1 : -1));
    expect(Math.max(...levels)).toBe(3);
    expect(levels).toHaveLength(18);
  });

  test('one at a time: each is settled before the next is claimed, in order', async ({ bench }) => {
    const ids = await sendAll(bench, ['a', 'b', 'c']);
    const { out } = await bench.dreamos(sh('work reviewer -n 3', 'printf "$DREAMOS_MSG_SUBJECT"'));
    expect(out).toBe('abc');
    const { json } = await bench.dreamos('watch reviewer --json --since start --wait 100ms');
    expect(
      json.filter(({ event }) => event !== 'delivered').map(({ event, id }) => `${event} ${ids.indexOf(id)}`),
    ).toEqual([0, 1, 2].flatMap((n) => [`claimed ${n}`, `acked ${n}`]));
  });

  test('keeps its lease for as long as the handler runs', async ({ bench }) => {
    await sendAll(bench, ['one']);
    const worker = bench.start(sh('work reviewer -n 1 --lease 2s --json', 'echo x >> log; sleep 6'));
    await until('the handler runs', () => linesOf(join(bench.dir, 'log')).length > 0);
    const other = await bench.dreamos('read reviewer --wait 4500ms');
    expect(other.code).toBe(3);
    expect((await worker.ended).json).toMatchObject([{ outcome: 'acked', attempt: 1 }]);
    expect(linesOf(join(bench.dir, 'log'))).toHaveLength(1);
  });

  test('killed by SIGKILL loses nothing: the message comes again when its lease ends, once', async ({ bench }) => {
    const [id] = await sendAll(bench, ['one']);
    const words = sh(
      'work reviewer -n 1 --lease 2s --json',
      'echo "$$ $DREAMOS_MSG_ATTEMPT" >> log; [ $DREAMOS_MSG_ATTEMPT = 2 ] || sleep 20',
    );
    const killed = bench.start(words);
    const log = join(bench.dir, 'log');
    await until('the handler runs', () => linesOf(log).length > 0);
    await killed.kill('SIGKILL');
    expect(await states(bench)).toMatchObject({ inflight: 1 });
    const next = await bench.dreamos(words);
    expect(next.json).toMatchObject([{ id, outcome: 'acked', attempt: 2 }]);
    expect(linesOf(log).map((line) => line.split(' ')[1])).toEqual(['1', '2']);
    // Nobody was left to end it.
    process.kill(-Number(linesOf(log)[0]?.split(' ')[0]), 'SIGKILL');
    expect((await events(bench, id ?? '')).map(({ event }) => event).filter((event) => event !== 'renewed')).toEqual([
      'delivered',
      'claimed',
      'lease_expired',
      'claimed',
      'acked',
    ]);
    expect(await states(bench)).toMatchObject({ archived: 1, ready: 0, inflight: 0, delayed: 0, dead: 0 });
  });

  test('of several, killed by SIGKILL again and again: every message is finished once, and no attempt runs twice', async ({
    bench,
  }) => {
    await bench.dreamos('config set maxAttempts 100');
    const ids = await sendAll(bench, Array.from({ length: 24 }, String));
    const words = sh(
      'work reviewer --lease 1s --concurrency 3 --quiet',
      'echo "$DREAMOS_MSG_ID $DREAMOS_MSG_ATTEMPT" >> log; sleep 0.3',
    );
    const workers = [bench.start(words), bench.start(words)];
    const log = join(bench.dir, 'log');
    for (let kill = 0; kill < 5; kill++) {
      const before = linesOf(log).length;
      await until('some more work', () => linesOf(log).length > before + 1);
      await workers[kill % 2]?.kill('SIGKILL');
      workers[kill % 2] = bench.start(words);
    }
    await until('all are finished', async () => (await states(bench))['archived'] === ids.length);
    for (const worker of workers) {
      const { code, signal, out, err } = await worker.kill('SIGTERM');
      // One that is still starting does not listen to the signal yet, and is ended by it.
      expect({ ended: code === 143 || signal === 'SIGTERM', out, err }).toEqual({ ended: true, out: '', err: '' });
    }
    expect(await states(bench)).toMatchObject({ ready: 0, inflight: 0, delayed: 0, dead: 0 });
    const runs = linesOf(log);
    expect(new Set(runs).size).toBe(runs.length);
    expect(runs.length).toBeGreaterThan(ids.length);
    expect(new Set(runs.map((run) => run.split(' ')[0]))).toEqual(new Set(ids));
    const { json } = await bench.dreamos('watch reviewer --json --since start --wait 100ms');
    expect(
      json
        .filter(({ event }) => event === 'acked')
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...ids].sort());
  });

  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'at %s finishes what runs, however long that takes, and takes nothing new',
    async ([signal, code], { bench }) => {
      await sendAll(bench, ['one', 'two']);
      const worker = bench.start(sh('work reviewer --json', 'echo x >> log; sleep 4'));
      await until('the handler runs', () => linesOf(join(bench.dir, 'log')).length > 0);
      const ended = await worker.kill(signal);
      expect(ended).toMatchObject({ code, err: '' });
      expect(ended.json).toMatchObject([{ outcome: 'acked' }]);
      expect(await states(bench)).toMatchObject({ archived: 1, ready: 1, inflight: 0 });
    },
  );

  test('idle ends at once at a signal', async ({ bench }) => {
    const worker = bench.start('work reviewer -- true');
    await until('it waits', () => worker.err().includes('Working'));
    await pause(200);
    expect(await worker.kill('SIGTERM')).toMatchObject({ code: 143, out: '' });
  });

  test('at a second signal ends its handlers, also those that do not listen, and gives their messages back', async ({
    bench,
  }) => {
    const [id, other] = await sendAll(bench, ['one', 'two']);
    const script = 'echo $$ >> pids; trap "" TERM; sleep 30 & echo $! >> pids; wait; wait; sleep 30';
    const worker = bench.start(sh('work reviewer --concurrency 2 --json', script));
    const pids = () => linesOf(join(bench.dir, 'pids')).map(Number);
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
    const listed = (await bench.dreamos('list reviewer --json')).json;
    expect(listed).toMatchObject([
      { state: 'ready', attempt: 0 },
      { state: 'ready', attempt: 0 },
    ]);
  });

  test('prints what handlers print; with --json one line for each message instead', async ({ bench }) => {
    await sendAll(bench, ['one', 'two', 'three']);
    const plain = await bench.dreamos(sh('work reviewer -n 1', 'echo out; echo err >&2'));
    expect(plain.out).toBe('out\n');
    expect(plain.err).toMatch(/^err$/m);
    expect(plain.err).toMatch(/^[0-9A-Z]{26} acked after \d+m?s$/m);
    const json = await bench.dreamos(sh('work reviewer -n 1 --json', 'echo out; echo err >&2'));
    expect(parseLines(json.out)).toMatchObject([{ outcome: 'acked' }]);
    expect(json.err.split('\n').sort()).toEqual(['', 'err', 'out']);
    const quiet = await bench.dreamos(sh('work reviewer -n 1 --quiet', 'echo out; echo err >&2'));
    expect(quiet).toMatchObject({ out: 'out\n', err: 'err\n' });
  });

  test('whose reader is slow loses nothing of what its handlers print', async ({ bench }) => {
    await sendAll(bench, ['one']);
    const script = `dreamos work reviewer -n 1 --quiet -- sh -c 'yes | head -c 200000' | (sleep 3; wc -c)`;
    expect((await bench.shell(script)).out.trim()).toBe('200000');
  });

  test('whose reader has gone takes no more, and blames no message for it', async ({ bench }) => {
    await sendAll(bench, Array.from({ length: 20 }, String));
    const { code, out, err } = await bench.shell("dreamos work reviewer --quiet -- sh -c 'echo out' | head -n 1");
    expect({ code, out, err }).toEqual({ code: 0, out: 'out\n', err: '' });
    const { archived, ready, inflight, delayed } = await states(bench);
    expect({ inflight, delayed }).toEqual({ inflight: 0, delayed: 0 });
    expect(Number(archived) + Number(ready)).toBe(20);
    expect(Number(ready)).toBeGreaterThan(0);
  });

  test('whose command is not there takes no mail', async ({ bench }) => {
    await sendAll(bench, ['one']);
    writeFileSync(join(bench.dir, 'not-executable'), '#!/bin/sh\n', { mode: 0o644 });
    for (const command of ['no-such-command', './no-such-command', './not-executable', './bin', '']) {
      const ended = await bench.dreamos(['work', 'reviewer', '--json', '--', command]);
      expectRefusal(ended, { exit: 2, code: 'COMMAND_NOT_STARTED', names: `"${command}"`, next: /ls -l/ });
    }
    expect(await events(bench, (await bench.dreamos('peek reviewer --json')).json[0]?.message.id ?? '')).toHaveLength(
      1,
    );
  });

  test('whose command cannot be started after all gives the message back unused, and ends', async ({ bench }) => {
    await sendAll(bench, ['one', 'two']);
    writeFileSync(join(bench.dir, 'odd'), '#!/no/such/interpreter\n', { mode: 0o755 });
    const ended = await bench.dreamos('work reviewer -- ./odd');
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('could not be started');
    expect((await bench.dreamos('list reviewer --json')).json).toMatchObject([
      { state: 'ready', attempt: 0 },
      { state: 'ready', attempt: 0 },
    ]);
  });

  test('needs its command behind "--", and ends when nothing came', async ({ bench }) => {
    for (const words of ['work', 'work reviewer', 'work reviewer true', 'work reviewer --']) {
      expectRefusal(await bench.dreamos(`${words} --json`.replace('-- --json', '--json --')), {
        exit: 2,
        code: 'USAGE',
        names: 'behind "--"',
        next: 'dreamos work reviewer -- ./handle',
      });
    }
    expect(await bench.dreamos('work reviewer --wait 50ms --quiet -- true')).toMatchObject({
      code: 3,
      out: '',
      err: '',
    });
    expect(await bench.dreamos('work --as reviewer --wait 50ms --from nobody -- true')).toMatchObject({ code: 3 });
  });
});
