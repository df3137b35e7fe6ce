import { describe, expect, test } from 'vitest';
import { DreamosError } from '../../../src/model/errors.ts';
import { createIds } from '../../../src/model/id.ts';
import { DumpWriter, readDump, SpoiltRecord } from '../../../src/storage/port/dump/lines.ts';
import type { DumpRecord } from '../../../src/storage/port/dump/records.ts';
import { createFakeClock } from '../contract/fake-clock.ts';
import { placeFor, recordsOf } from './engines.ts';
import { Actor, tellAll } from './story.ts';

async function written(): Promise<{ lines: string[]; records: DumpRecord[] }> {
  const deps = { clock: createFakeClock(), ids: createIds() };
  const place = await placeFor('memory', deps);
  const actor = new Actor(await place.open(), deps.clock, deps.ids);
  await tellAll(actor);
  const records = await recordsOf(actor.store);
  let text = '';
  const writer = new DumpWriter(async (part) => void (text += part));
  await writer.begin({ engine: 'memory', root: null, at: 1 });
  for (const record of records) await writer.take(record);
  await writer.end();
  return { lines: text.split('\n').slice(0, -1), records };
}

async function* each(lines: readonly string[]): AsyncGenerator<string, void, void> {
  yield* lines;
}

async function read(lines: readonly string[]): Promise<DumpRecord[]> {
  const taken: DumpRecord[] = [];
  await readDump(each(lines), 'a.jsonl', async (record) => void taken.push(record));
  return taken;
}

async function refusal(lines: readonly string[]): Promise<string> {
  try {
    await read(lines);
    return 'taken';
  } catch (error) {
    return error instanceof DreamosError ? `${error.code} ${error.message}` : String(error);
  }
}

describe('a dump as lines', () => {
  test('is read as it was written', async () => {
    const { lines, records } = await written();
    expect(await read(lines)).toEqual(records);
  });

  test('is refused wherever it is cut off', async () => {
    const { lines } = await written();
    for (let n = 1; n < lines.length; n++)
      expect(await refusal(lines.slice(0, n))).toMatch(/^CORRUPT .*its end is missing/);
    expect(await refusal([])).toMatch(/^FORMAT_UNKNOWN /);
    const last = lines.at(-1) ?? '';
    expect(await refusal([...lines.slice(0, -1), last.slice(0, -5)])).toMatch(/^CORRUPT /);
  });

  test('is refused with any line missing, twice, in another place or changed', async () => {
    const { lines } = await written();
    for (let n = 1; n < lines.length - 1; n++) {
      const [before, line = '', after] = [lines.slice(0, n), lines[n], lines.slice(n + 1)];
      expect(await refusal([...before, ...after])).toMatch(/^CORRUPT /);
      expect(await refusal([...before, line, line, ...after])).toMatch(/^CORRUPT /);
      expect(await refusal([...before, line.replace(/[a-z](?=[^a-z]*$)/, 'Q'), ...after])).toMatch(/^CORRUPT /);
    }
    const [head = '', first = '', second = '', ...rest] = lines;
    expect(await refusal([head, second, first, ...rest])).toMatch(/^CORRUPT .*has changed/);
    expect(await refusal([...lines, first])).toMatch(/^CORRUPT .*behind its last line/);
    expect(await refusal([first, ...rest])).toMatch(/^FORMAT_UNKNOWN /);
  });

  test('is named where one of its records cannot be, in one sentence', async () => {
    const { lines } = await written();
    const take = async (): Promise<never> => {
      throw new SpoiltRecord('a cannot be read: This message cannot be read: its digest does not fit its bytes.');
    };
    await expect(readDump(each(lines), 'a.jsonl', take)).rejects.toMatchObject({
      code: 'CORRUPT',
      message:
        'a.jsonl is cut off, or was changed: a cannot be read: This message cannot be read: its digest does not fit its bytes.',
    });
  });

  test('of a newer version is refused with what to do', async () => {
    const { lines } = await written();
    const [head = '', ...rest] = lines;
    expect(await refusal([head.replace('"version":1', '"version":2'), ...rest])).toMatch(/^FORMAT_TOO_NEW /);
  });
});
