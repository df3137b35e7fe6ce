import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { type BenchResults, published, speed } from './speed.ts';

const lane = (median: number, durable = true) => ({ rates: [median - 1, median, median + 1], median, durable });

const results: Record<string, unknown> = {
  send: {
    dreamos: lane(6030),
    'raw system calls': lane(6700),
    'SQLite WAL FULL': lane(20_000.4),
    'python3-dirq': lane(33_000, false),
    'the disk: write 1 KiB + fsync': lane(25_000),
  },
  batch: {
    'dreamos, sendAll': lane(70_000),
    'dreamos send --batch, with its start': lane(50_000),
    'raw system calls, one file, one link a message': lane(138_000),
    'raw, and the making of JSON and digests': lane(90_000),
    'SQLite WAL FULL, a transaction': lane(200_000),
    'SQLite WAL FULL, one by one': lane(20_000),
    'python3-dirq, one by one': lane(33_000, false),
  },
  claim: {
    dreamos: lane(21_000),
    'raw system calls': lane(32_000),
    'SQLite WAL FULL': lane(10_000),
    'SQLite WAL FULL, 100 at once': lane(60_000),
    'python3-dirq': lane(79_000, false),
  },
};
const parts: Record<string, object[]> = {
  send: [{ label: 'of the raw loop', measured: '0.89', value: 0.89 }],
  batch: [{ label: 'library of Redis always, pipelined', measured: 'not measured' }],
  fanout: [{ label: 'the body once on disk', measured: 'yes' }],
};

function resultsWith(change: object = {}): BenchResults {
  const machine = { cpu: '2 x Some CPU', memory: '8 GiB', system: 'Linux 6', disk: 'ext4', node: 'v20.20.2' };
  const outcome = (name: string) => ({
    at: '2026-11-20T15:00:00.000Z',
    quick: false,
    machine,
    absent: name === 'send' ? ['bullmq is not installed.'] : [],
    rows: [{ what: `what ${name} does`, parts: parts[name] ?? [] }],
    results: results[name] ?? {},
  });
  return { benchmarks: { ...Object.fromEntries(published.map((name) => [name, outcome(name)])), ...change } } as never;
}

const rowOf = (text: string, beginning: string): string[] =>
  (text.split('\n').find((line) => line.startsWith(`| ${beginning}`)) ?? '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('the section of the README about speed', () => {
  const text = speed(resultsWith());

  test('has each contestant with its own way of batching, the durable ones told from the others', () => {
    expect(rowOf(text, 'dreamos ')).toEqual(['dreamos', '6,030', '70,000', '21,000']);
    expect(rowOf(text, '`dreamos send --batch`')).toEqual(['`dreamos send --batch`', '', '50,000', '']);
    expect(rowOf(text, 'raw')).toEqual(['raw system calls', '6,700', '138,000', '32,000']);
    expect(rowOf(text, 'SQLite')).toEqual(['SQLite WAL FULL', '20,000', '200,000', '10,000 (60,000)']);
    expect(rowOf(text, 'python3')).toEqual(['python3-dirq (not durable)', '33,000', '', '79,000']);
  });

  test('says what each benchmark comes to, what was not measured, and who was absent', () => {
    expect(rowOf(text, 'what send')).toEqual(['what send does: of the raw loop', '0.89']);
    expect(rowOf(text, 'what batch').at(-1)).toBe('not measured');
    expect(rowOf(text, 'what fanout')).toEqual(['what fanout does: the body once on disk', 'yes']);
    expect(text).toMatch(/Absent: bullmq is not installed\.\n/);
  });

  test('says how often, when, on what and with which command it was measured', () => {
    expect(text).toContain('Medians of at least 3 interleaved rounds.');
    expect(text).toContain(
      '(2026-11-20; 2 x Some CPU, 8 GiB, Linux 6, ext4, Node v20.20.2. To repeat it: npm run bench)',
    );
    expect(text).toContain('25,000 synced writes of 1 KiB a second');
  });

  test('is formatted as the README is', async () => {
    expect(await format(text, { parser: 'markdown', printWidth: 120 })).toBe(`${text}\n`);
  });

  test('is not made of a quick run, nor while a benchmark is missing', () => {
    const { send } = resultsWith().benchmarks;
    expect(() => speed(resultsWith({ send: { ...send, quick: true } }))).toThrow(
      '"send" in results.json is of a quick run',
    );
    expect(() => speed(resultsWith({ watch: undefined }))).toThrow('results.json has no "watch"');
  });
});
