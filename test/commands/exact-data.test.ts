/** The data of a message travels as it was written, by whatever way it is sent and looked at. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmlessJson } from '../../src/cli/harmless.ts';
import { rootOver } from '../../src/core/open-root.ts';
import { exportArchive, restoreArchive } from '../../src/core/keep/archive.ts';
import { fireDue } from '../../src/core/schedules/fire-due.ts';
import { send } from '../../src/core/send/send.ts';
import { readNext } from '../../src/core/take/read.ts';
import { ack } from '../../src/core/take/settle.ts';
import { exactly, type RawJson } from '../../src/model/basics/raw-json.ts';
import { parseData } from '../../src/model/data.ts';
import { must } from '../core/rig.ts';
import { policy } from '../storage/contract/rig.ts';
import { collect, makeRoom, type Room } from '../storage/file/room.ts';
import { scratch } from '../scratch.ts';
import { createRig, type Rig, type Terms } from './rig.ts';

const day = 86_400_000;

/** What JSON.parse rounds, drops or sorts. */
const texts = [
  '{"id":1970670598291982290}',
  '1970670598291982290',
  '[1e400,-0,1.0,1E2,0.1000000000000000055511151231257827]',
  '{"b":1,"10":2,"a":3,"9":4}',
  '{"a":1,"a":2,"\\u0061":{"data":[1.0]}}',
  String.raw`"\u0041 \/ \ud83d\ude00"`,
];

/** The texts of the data of the messages that were printed. */
function dataIn(out: string): string[] {
  return out.split('\n').flatMap((line) => /"tags":\[\],"data":(.*?),"createdAt"/.exec(line)?.[1] ?? []);
}

function asPlanner({ dreamos }: Rig, words: readonly string[], terms?: Terms): Promise<{ code: number; out: string }> {
  return dreamos([...words, '--as', 'planner'], terms);
}

function batch(fields: string): Terms {
  return { stdin: `{ "to": "reviewer",\t${fields}, "body": "x" }\n` };
}

/** All ways to send `x` to the reviewer. */
const ways: Record<string, (rig: Rig, text: string) => Promise<unknown>> = {
  send: (rig, text) => asPlanner(rig, ['send', 'reviewer', 'x', '--data', ` ${text}\n`]),
  'a line of --batch': (rig, text) => asPlanner(rig, ['send', '--batch'], batch(`"data" : ${text} `)),
  'the last "data" of a line': (rig, text) =>
    asPlanner(rig, ['send', '--batch'], batch(String.raw`"data":0,"subject":"\"data\":1,","d\u0061ta":${text}`)),
  publish: async (rig, text) => {
    await rig.dreamos('subscribe a.* --as reviewer');
    await asPlanner(rig, ['publish', 'a.b', 'x', '--data', text]);
  },
  reply: async (rig, text) => {
    const id = await rig.sent('send planner hello --as reviewer');
    await asPlanner(rig, ['reply', id, 'x', '--data', text]);
  },
  schedule: async (rig, text) => {
    await asPlanner(rig, ['schedule', 'add', 'daily', '0 3 * * *', 'reviewer', 'x', '--data', text]);
    rig.time.nowMs += day;
    await fireDue(rig.root);
  },
};

test.for(Object.entries(ways))('%s keeps data as it was written', async ([, way]) => {
  for (const text of texts) {
    const rig = await createRig();
    await way(rig, text);
    expect(dataIn((await rig.dreamos('peek reviewer --json')).out)).toEqual([text]);
  }
});

/** All ways to look, or to have a look again, at what the reviewer got. */
const looks: readonly (readonly [name: string, before: readonly string[], look: string])[] = [
  ['read', [], 'read reviewer --json'],
  ['peek', [], 'peek reviewer --json'],
  ['list', [], 'list reviewer --json'],
  ['show', [], 'show ID --json'],
  ['thread', [], 'thread ID --json'],
  ['search', [], 'search 1970670598291982290 --json'],
  ['dlq list', ['nack RECEIPT --dead'], 'dlq list reviewer --json'],
  ['dlq show', ['nack RECEIPT --dead'], 'dlq show reviewer ID --json'],
  ['dlq retry', ['nack RECEIPT --dead', 'dlq retry reviewer ID'], 'read reviewer --json'],
  ['archive list', ['ack RECEIPT'], 'archive list reviewer --json'],
  ['archive show', ['ack RECEIPT'], 'archive show reviewer ID --json'],
  ['archive search', ['ack RECEIPT'], 'archive search 1970670598291982290 --json'],
  ['archive export', ['ack RECEIPT'], 'archive export reviewer'],
  ['archive restore', ['ack RECEIPT', 'archive restore reviewer ID'], 'read reviewer --json'],
];

test.for(looks)('%s --json gives data as it was written', async ([, before, look]) => {
  const text = must(texts[0]);
  const { dreamos, sent } = await createRig();
  const id = await sent(['send', 'reviewer', 'x', '--as', 'planner', '--data', text]);
  const receipt = before.length === 0 ? '' : String((await dreamos('read reviewer --json')).json[0]?.['receipt']);
  const filled = (words: string): string => words.replace('ID', id).replace('RECEIPT', receipt);
  for (const words of before) expect(await dreamos(filled(words))).toMatchObject({ code: 0 });
  const { out } = await dreamos(filled(look));
  expect(dataIn(out)).toEqual([text]);
  // Nothing else of the line is other than it would be.
  expect(JSON.stringify(JSON.parse(out))).toBe(out.trim().replace(text, JSON.stringify(JSON.parse(text))));
});

test('a topic, its listeners and a person see the data as it was written', async () => {
  const { dreamos } = await createRig();
  const text = must(texts[0]);
  await dreamos(['publish', 'a.b', 'x', '--as', 'planner', '--data', text]);
  expect(dataIn((await dreamos('topics show a.b --json')).out.replace('[{', '\n'))).toEqual([text]);
  expect(dataIn((await dreamos('listen a.* --since start --count 1 --json')).out)).toEqual([text]);
  await dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--data', text]);
  expect((await dreamos('peek reviewer')).out).toContain(`\n${text}\n`);
  await dreamos(['schedule', 'add', 'daily', '0 3 * * *', 'reviewer', 'x', '--as', 'planner', '--data', text]);
  expect((await dreamos('schedule show daily')).out).toContain(`\n${text}\n`);
  expect((await dreamos('schedule list --json')).json).toMatchObject([{ message: { rawData: text } }]);
});

test('data that hides as the text of data is data', async () => {
  const { dreamos } = await createRig();
  const data = { rawData: '}', data: 1, text: 'x', value: 2, message: { rawData: '}', data: 1 } };
  await dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--data', JSON.stringify(data)]);
  expect((await dreamos('read reviewer --json')).json).toMatchObject([{ message: { data } }]);
});

test('other digits under the same dedupe key are another message, the same digits are a repeat', async () => {
  const { dreamos } = await createRig();
  const sendIt = (data: string) =>
    dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--dedupe-key', 'k', '--data', data, '--json']);
  await sendIt('1970670598291982290');
  expect((await sendIt(' 1970670598291982290')).json).toMatchObject([{ duplicate: true }]);
  expect((await sendIt('1970670598291982291')).err).toContain('DEDUPE_MISMATCH');
});

function rootIn(room: Room) {
  return async () => rootOver(await room.open(), { path: room.root, clock: room.clock, ids: room.ids }, { as: 'ann' });
}

test.for(texts)('in files %s lasts: handed in, packed, restored and delivered again', async (text) => {
  const room = makeRoom();
  const open = rootIn(room);
  const root = await open();
  await send(root, { to: 'bob', body: 'x', data: parseData(text, 'it') });
  writeFileSync(join(room.at('bob').drop, 'a.json'), `{"from":"ann",\n"data":\n${text},"body":"y"}`);
  for (let i = 0; i < 2; i++) {
    const delivery = must(await readNext(root, 'bob'));
    expect(dataIn(harmlessJson(delivery))).toEqual([text]);
    await ack(root, delivery.receipt);
  }
  room.clock.advance(3 * day);
  await collect(must(root.store.upkeep).packArchive('bob', { beforeDay: '9999', dryRun: false }));
  const again = await open();
  const exported = await collect(exportArchive(again, 'bob'));
  expect(exported.flatMap((one) => dataIn(harmlessJson(one)))).toEqual([text, text]);
  for (const { id } of exported) await restoreArchive(again, 'bob', id);
  await again.store.mail.recover('bob', policy);
  for (let i = 0; i < 2; i++) expect(dataIn(harmlessJson(must(await readNext(again, 'bob'))))).toEqual([text]);
});

test('an import keeps the numbers of the original, around it and in its ids', async () => {
  const { dreamos } = await createRig();
  const dir = scratch();
  const original = '{"from":"a","to":"reviewer","body":"x","thread_id":1970670598291982290,"n":1234567890123456789}';
  writeFileSync(
    join(dir, 'inbox.json'),
    `{"version": 12345678901234567890, "messages": [${original.replace(',', ', ')}]}`,
  );
  await dreamos(['import', dir, '--deliver']);
  const { out, json } = await dreamos('read reviewer --json');
  expect(out).toContain(`"around":{"version":12345678901234567890}},"original":${original}`);
  expect(json).toMatchObject([{ message: { thread: '1970670598291982290' } }]);
});

test('any JSON is given back without the white space between its words, and is kept as text only where that is more', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary', maxDepth: 3 }), fc.constantFrom('', ' ', '\n\t'), (json, space) => {
      const value = JSON.parse(json) as unknown;
      expect(exactly(JSON.stringify(value, null, space), value)).toBe(value);
      const raw = exactly(`[${JSON.stringify(value, null, space)},${space}1.0]`, [value, 1]);
      expect((raw as RawJson).text).toBe(`[${JSON.stringify(value)},1.0]`);
    }),
    { numRuns: 30 },
  );
});
