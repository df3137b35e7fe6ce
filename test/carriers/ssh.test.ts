import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Answer, CarrierDown, type Parcel } from '../../src/carriers/port.ts';
import { serveFarEnd } from '../../src/carriers/ssh/far-end.ts';
import { answerIn, answerLine, hello, parcelIn, parcelLine, versionIn } from '../../src/carriers/frames.ts';
import { createSplitter } from '../../src/carriers/ssh/lines.ts';
import { sshCarrier, type SshOptions } from '../../src/carriers/ssh/ssh.ts';

const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';
const bytes = Buffer.from('{"v":1,"body":"ä \\" ,\\"message\\":{} }","digest":"x"}');
const parcel: Parcel = { id, to: 'bob', hops: 2, bytes };
const never = new AbortController().signal;

describe('frames', () => {
  test('a parcel is a line of JSON, in which its message stands byte for byte', () => {
    const line = Buffer.from(parcelLine({ n: 7, parcel }));
    expect(line.includes('\n')).toBe(false);
    expect(JSON.parse(line.toString())).toMatchObject({ n: 7, id, to: 'bob', hops: 2, message: { v: 1 } });
    const read = parcelIn(line);
    expect(read).toMatchObject({ n: 7, parcel: { id, to: 'bob', hops: 2 } });
    expect(Buffer.from(read!.parcel.bytes).equals(bytes)).toBe(true);
  });

  test.each([
    '',
    '{}',
    '{"n":1}',
    `{"n":1,"id":"${id}","to":"../bob","hops":1,"message":{}}`,
    `{"n":0,"id":"${id}","to":"bob","hops":1,"message":{}}`,
    `{"n":1,"id":"x","to":"bob","hops":1,"message":{}}`,
    `{"n":1,"id":"${id}","to":"bob","hops":1.5,"message":{}}`,
    `{"n":1,"id":"${id}","to":"bob","hops":1,"message":{`,
  ])('%s is no parcel', (line) => {
    expect(parcelIn(Buffer.from(line))).toBeUndefined();
  });

  test('answers are read as they were written, and nothing else is one', () => {
    const answers: Answer[] = [
      { is: 'stored' },
      { is: 'stored', again: true },
      { is: 'refused', code: 'LOOP', reason: 'ä\n' },
      { is: 'later', code: 'DISK_FAILED', reason: '' },
    ];
    for (const [i, answer] of answers.entries())
      expect(answerIn(answerLine(i + 1, answer))).toEqual({ n: i + 1, answer });
    for (const line of ['', '[]', '{"n":1}', '{"n":1,"is":"done"}', '{"is":"stored"}', '{"n":1,"is":"refused"}'])
      expect(answerIn(line)).toBeUndefined();
    expect([versionIn(hello), versionIn('{"dreamos":"receive","v":2}'), versionIn('Welcome!')]).toEqual([
      1,
      2,
      undefined,
    ]);
  });

  test('lines that come in pieces are whole, and one that does not end is refused', () => {
    const splitter = createSplitter(10);
    const lines = ['a', 'b\nc', 'de\n\nf'].flatMap((one) => splitter.add(Buffer.from(one))).map(String);
    expect(lines).toEqual(['ab', 'cde', '']);
    expect(() => splitter.add(Buffer.alloc(11))).toThrow(RangeError);
  });
});

describe('the far end', () => {
  const lineOf = (n: number): string => `${Buffer.from(parcelLine({ n, parcel })).toString()}\n`;

  const serve = (take: (parcels: readonly Parcel[]) => Promise<readonly Answer[]>, signal = never) => {
    const input = new PassThrough();
    let out = '';
    const ended = serveFarEnd({ input, write: async (text) => void (out += text), take, signal });
    return { input, ended, lines: () => out.split('\n').slice(0, -1) };
  };

  test('says what it is, answers each parcel by its number, and ends with its input', async () => {
    const sizes: number[] = [];
    const { input, ended, lines } = serve(async (parcels) => {
      sizes.push(parcels.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return parcels.map(() => ({ is: 'stored' }));
    });
    for (let n = 1; n <= 1200; n++) input.write(lineOf(n));
    input.end();
    await ended;
    expect(lines()).toEqual([hello, ...Array.from({ length: 1200 }, (_, i) => `{"n":${i + 1},"is":"stored"}`)]);
    // What lies ready is stored together.
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });

  test('what is no frame is an error, behind the answers to what came before', async () => {
    const { input, ended, lines } = serve(async (parcels) => parcels.map(() => ({ is: 'stored' })));
    input.write(lineOf(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    input.write('GET / HTTP/1.1\n');
    await expect(ended).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(lines()).toEqual([hello, '{"n":1,"is":"stored"}']);
  });

  test('told to end, it answers what is being stored, and takes no more', async () => {
    const stop = new AbortController();
    const { input, ended, lines } = serve(async (parcels) => {
      stop.abort();
      return parcels.map(() => ({ is: 'stored' }));
    }, stop.signal);
    input.write(lineOf(1));
    await ended;
    input.write(lineOf(2));
    expect(lines()).toEqual([hello, '{"n":1,"is":"stored"}']);
  });
});

describe('a command line', () => {
  const connect = (command: string, more: Partial<SshOptions> = {}) =>
    sshCarrier({ command, env: process.env, cwd: undefined, ...more }).connect(never);
  const why = async (connecting: Promise<unknown>): Promise<string> => {
    const error = await connecting.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CarrierDown);
    return (error as CarrierDown).message;
  };

  test('that ends, is not found, prints something else, says nothing or speaks another version cannot carry', async () => {
    expect(await why(connect('echo no route >&2; exit 255'))).toBe('its command ended with exit 255: no route');
    expect(await why(connect('exec no-such-command'))).toContain('exit 127');
    const failed = connect("printf 'x\\nError: No root.\\n  Next: Make it: dreamos init\\n' >&2; exit 4");
    await expect(failed).rejects.toMatchObject({
      message: 'its command ended with exit 4: No root.',
      hint: 'There: Make it: dreamos init',
    });
    expect(await why(connect('yes'))).toContain('no `dreamos receive`');
    expect(await why(connect('sleep 60', { helloMs: 100 }))).toContain('has not said in 0.1 s');
    expect(await why(connect(`echo '{"dreamos":"receive","v":2}'; cat`))).toContain('version 2');
  });

  test('that stops answering is given up, and so is one that answers nonsense', async () => {
    const silent = await connect(`echo '${hello}'; cat > /dev/null`, { answerMs: 100 });
    expect(await why(silent.publish(parcel))).toContain('nothing was answered for 0.1 s');
    expect(await silent.ended).toContain('nothing was answered');
    expect(await why(silent.publish(parcel))).toContain('nothing was answered');
    const odd = await connect(`echo '${hello}'; read -r line; echo what; cat`);
    expect(await why(odd.publish(parcel))).toContain('this is no answer: what');
  });

  test('that has said nothing yet is ended with all that it has started before anybody hears of it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'dreamos-ssh-'));
    try {
      const stop = new AbortController();
      const command = "trap 'touch ended; exit' TERM; touch begun; sleep 1000 & wait";
      const connecting = sshCarrier({ command, env: process.env, cwd: dir }).connect(stop.signal);
      while (!existsSync(join(dir, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 10));
      stop.abort();
      expect(await why(connecting)).toBe('the bridge was stopped');
      expect(existsSync(join(dir, 'ended'))).toBe(true);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('is ended with all that it has started, also what does not want to; what has left its group is let go', async () => {
    const stubborn = await connect(`trap '' TERM; echo '${hello}'; sleep 1000 & wait; sleep 1000`);
    const held = await connect(`setsid sleep 30 & echo '${hello}'; cat`);
    const startedAt = performance.now();
    await Promise.all([stubborn.close(), held.close()]);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  }, 20_000);
});
