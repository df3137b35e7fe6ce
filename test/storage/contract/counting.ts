import { expect } from 'vitest';
import type { LogMark, LogPart } from '../../../src/storage/port/journal.ts';
import { dayMs } from '../../../src/model/basics/limits.ts';
import type { Rig } from './rig.ts';

export function countingRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const read = async (day: string, from?: LogMark): Promise<LogPart[]> => {
    const parts: LogPart[] = [];
    for await (const part of rig.store.journal.readLog('bob', day, from)) parts.push(part);
    return parts;
  };
  const today = (): string => new Date(rig.now()).toISOString().slice(0, 10);
  const kinds = (parts: readonly LogPart[]): string[] =>
    parts.flatMap(({ events }) => events.map(({ event }) => event));

  test('a log is read in bulk from its beginning, and from behind a mark only what is new', async () => {
    await rig.send();
    const [day = ''] = [...(await rig.store.journal.logs('bob')).keys()];
    const first = await read(day);
    expect(kinds(first)).toEqual(['delivered']);
    expect(first[0]?.events[0]).toMatchObject({ event: 'delivered', from: 'ann', type: 'message' });
    const mark = first.at(-1)?.mark;
    expect(await read(day, mark)).toEqual([]);
    await rig.mustClaim({ by: 'bob' });
    const more = await read(day, JSON.parse(JSON.stringify(mark)) as LogMark);
    expect(kinds(more)).toEqual(['claimed']);
    expect(more[0]).not.toHaveProperty('anew');
    expect(kinds(await read(day))).toEqual(['delivered', 'claimed']);
  });

  test('behind a mark that is of no such log it is read anew, and says so', async () => {
    await rig.send();
    const [day = ''] = [...(await rig.store.journal.logs('bob')).keys()];
    const parts = await read(day, { bytes: 100_000, check: 'other' });
    expect(kinds(parts)).toEqual(['delivered']);
    expect(parts[0]?.anew).toBe(true);
  });

  test('of a day, or a mailbox, without a log nothing comes', async () => {
    expect(await read('2020-01-01')).toEqual([]);
    expect(await read('2020-01-01', { bytes: 5, check: 'x' })).toEqual([]);
    expect(await rig.store.journal.logs('ann')).toEqual(new Map());
    expect(await rig.store.journal.prunedThrough('ann')).toBeUndefined();
  });

  onStillClock('a log has a day, and where it was pruned that is known', async () => {
    const before = today();
    await rig.send();
    await rig.pass(3 * dayMs);
    await rig.send();
    expect([...(await rig.store.journal.logs('bob')).keys()]).toEqual([before, today()]);
    for await (const _ of rig.store.upkeep!.pruneEvents('bob', { fromDay: today(), dryRun: false }));
    expect([...(await rig.store.journal.logs('bob')).keys()]).toEqual([today()]);
    expect(await rig.store.journal.prunedThrough('bob')).toBe(before);
  });

  test('what is kept of a mailbox is read as it was written, by others too, and goes with it under another name', async () => {
    const { rollups } = rig.store;
    expect(await rollups.days('bob')).toEqual([]);
    expect(await rollups.read('bob', 'index')).toBeUndefined();
    await rollups.write('bob', '2026-11-20', 'one\n');
    await rollups.write('bob', '2026-11-20', 'two\n');
    await rollups.write('bob', 'index', '{}');
    expect(await rollups.read('bob', '2026-11-20', 2)).toBe('tw');
    expect(await rollups.read('bob', '2026-11-20', 99)).toBe('two\n');
    expect(await rollups.read('bob', '2026-11-21', 99)).toBeUndefined();
    const other = (await rig.another()).rollups;
    expect(await other.days('bob')).toEqual(['2026-11-20']);
    expect(await other.read('bob', '2026-11-20')).toBe('two\n');
    expect(await other.read('bob', 'index')).toBe('{}');
    await rig.store.documents.rename('bob', 'bea');
    expect(await other.days('bea')).toEqual(['2026-11-20']);
    expect(await other.days('bob')).toEqual([]);
  });
}
