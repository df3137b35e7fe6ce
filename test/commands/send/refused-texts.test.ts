/** What no reader takes, or no tool can print, is refused by whatever sends. */
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootOver } from '../../../src/core/open-root.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { request } from '../../../src/core/send/request.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Draft } from '../../../src/model/draft.ts';
import { policy } from '../../storage/contract/rig.ts';
import { makeRoom } from '../../storage/file/room.ts';
import { scratch } from '../../scratch.ts';
import { createRig, type Rig } from '../rig.ts';

function nested(levels: number): unknown {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels));
}

const half = 'half \ud83d of it';

/** Fields that are too much, and what is said of each. */
const faults: readonly (readonly [name: string, fields: Partial<Draft>, why: RegExp])[] = [
  ['data of 1,000 levels', { data: nested(1000) }, /nested too deeply/],
  ['data of 4,181 levels', { data: nested(4181) }, /nested too deeply/],
  ['data of 100,000 levels', { data: nested(100_000) }, /nested too deeply/],
  ['half a character in the subject', { subject: half }, /"subject" has half a character in it: "\\ud83d"/],
  ['half a character in the body', { body: half }, /"body" has half a character in it: "\\ud83d"/],
  ['half a character in the type', { type: half }, /"type" has half a character in it/],
  ['half a character in the thread', { thread: half }, /"thread" has half a character in it/],
  ['half a character in a tag', { tags: ['a', half] }, /"tags" has half a character in it/],
  ['half a character in the ordering key', { orderingKey: half }, /"orderingKey" has half a character in it/],
  ['half a character in data', { data: { list: ['😀', half] } }, /"data" has half a character in it: "\\ud83d"/],
  ['half a character in a key of data', { data: { [`\\${half}`]: 1 } }, /"data" has half a character in it/],
  ['the second half alone', { data: '\ude00\ud83d' }, /"data" has half a character in it: "\\ude00"/],
  ['a long thread', { thread: 't'.repeat(513) }, /"thread" has to be a text of at most 512 characters/],
];

/** What is said when a draft of these fields is sent. */
const ways: Record<string, (rig: Rig, fields: Partial<Draft>) => Promise<unknown>> = {
  send: ({ root }, fields) => send(root, { from: 'planner', to: 'reviewer', body: 'x', ...fields }),
  'send --dry-run': ({ root }, fields) => preview(root, { from: 'planner', to: 'reviewer', body: 'x', ...fields }),
  sendAll: async ({ root }, fields) => {
    const [result] = await sendAll(root, [{ from: 'planner', to: 'reviewer', body: 'x', ...fields }]);
    if (result instanceof DreamosError) throw result;
  },
  publish: ({ root }, fields) => publish(root, 'a.b', { from: 'planner', body: 'x', ...fields }),
  request: ({ root }, fields) =>
    request(root, { from: 'planner', to: 'reviewer', body: 'x', ...fields }, { waitMs: 50 }),
  reply: async ({ root }, fields) => {
    const { id } = await send(root, { from: 'reviewer', to: 'planner', body: 'x' });
    return reply({ ...root, acting: 'planner' }, id, { body: 'x', ...fields });
  },
  schedule: ({ root }, fields) =>
    addSchedule(root, {
      name: 's',
      cron: '0 3 * * *',
      message: { from: 'planner', to: 'reviewer', body: 'x', ...fields },
    }),
};

test.for(Object.entries(ways))('%s refuses it, names the field, and sends nothing', async ([, way]) => {
  for (const [name, fields, why] of faults) {
    const rig = await createRig();
    const error = await way(rig, fields).then(
      () => 'accepted',
      (thrown: unknown) => thrown,
    );
    expect(error, name).toMatchObject({ code: 'MESSAGE_INVALID', message: expect.stringMatching(why) });
    expect((await rig.root.store.look.counts('reviewer')).ready, name).toBe(0);
  }
});

// JSON.stringify would not come to the end of the deepest.
const jsonOf = (fields: Partial<Draft>): string =>
  Array.isArray(fields.data)
    ? `{"from":"planner","to":"reviewer","body":"x","data":${'['.repeat(4181)}${']'.repeat(4181)}}`
    : JSON.stringify({ from: 'planner', to: 'reviewer', body: 'x', ...fields });

test('a line of --batch that has it is refused with its number, and the line behind it is sent', async () => {
  for (const [name, fields, why] of faults) {
    const { dreamos } = await createRig();
    const good = '{"from":"planner","to":"reviewer","body":"\\ud83d\\ude00"}';
    const { code, err, json } = await dreamos('send --batch --json', { stdin: `${jsonOf(fields)}\n${good}\n` });
    expect([code, json.length], name).toEqual([6, 1]);
    expect(JSON.parse(err), name).toMatchObject({ error: { line: 1, message: expect.stringMatching(why) } });
  }
});

test('--data that has it is refused', async () => {
  const { dreamos } = await createRig();
  const data = ['[1.0,"\\ud83d"]', `[1.0,${'['.repeat(4181)}${']'.repeat(4181)}]`];
  for (const text of data) {
    const { code, err } = await dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--data', text]);
    expect([code, err]).toEqual([6, expect.stringContaining('"data"')]);
  }
});

test('a file in drop/ that has it is put aside, with a note', async () => {
  for (const [name, fields, why] of faults) {
    const room = makeRoom(['planner', 'reviewer']);
    const store = await room.open();
    const path = join(room.at('reviewer').drop, 'a.json');
    writeFileSync(path, jsonOf(fields));
    utimesSync(path, room.clock.now() / 1000 - 60, room.clock.now() / 1000 - 60);
    await store.mail.recover('reviewer', policy);
    const { corrupt } = room.at('reviewer');
    const note = readdirSync(corrupt).find((each) => each.endsWith('.note.json')) ?? 'none';
    expect(readFileSync(join(corrupt, note), 'utf8').replaceAll('\\"', '"').replaceAll('\\\\', '\\'), name).toMatch(
      why,
    );
  }
});

test('an import keeps it with what it cannot read', async () => {
  const dir = scratch();
  for (const [index, [name, fields]] of faults.slice(1).entries())
    if (!name.includes('thread') && !name.includes('ordering') && !name.includes('100,000'))
      writeFileSync(join(dir, `${index}.json`), jsonOf(fields));
  writeFileSync(join(dir, 'long.json'), jsonOf({ thread: 't'.repeat(2_000_000) }));
  const { dreamos } = await createRig();
  const { json } = await dreamos(['import', dir, '--json']);
  expect(json.filter(({ result }) => result === 'imported').map(({ file }) => file)).toEqual(['long.json']);
  expect(json.filter(({ result }) => result === 'unreadable')).toHaveLength(8);
  const [listed] = (await dreamos('archive list reviewer --json')).json as [{ message: { thread: string } }];
  expect(listed.message.thread).toHaveLength(512);
});

test('what was adopted before half a character was refused, or longer threads were, is read as it is', async () => {
  const room = makeRoom(['planner', 'reviewer']);
  const store = await room.open();
  const message = room.message({ to: ['reviewer'], subject: half, thread: 't'.repeat(2000), data: { [half]: half } });
  await store.mail.send([{ message, mailboxes: ['reviewer'] }], { durability: 'relaxed' });
  const root = rootOver(store, { path: room.root, clock: room.clock, ids: room.ids });
  const delivery = await root.store.mail.claim('reviewer', { leaseMs: 1000, token: room.ids.token(), policy });
  const { digest: _, ...read } = delivery?.message ?? {};
  expect(read).toEqual(message);
});

test.each([
  ['subject: has to have at most 200 characters', { subject: 's'.repeat(201) }],
  ['type: must not be empty', { type: '' }],
  ['type: has to have at most 64 characters', { type: 't'.repeat(65) }],
  ['tags.0: must not be empty', { tags: [''] }],
  ['tags.1: has to have at most 64 characters', { tags: ['a', 't'.repeat(65)] }],
  ['tags: has to have at most 64 entries', { tags: Array.from({ length: 65 }, (_, i) => `t${i}`) }],
  ['orderingKey: must not be empty', { orderingKey: '' }],
  ['dedupeKey: must not be empty', { dedupeKey: '' }],
])('a draft is refused with the rule that it breaks: %s', async (rule, fields) => {
  const { root } = await createRig();
  await expect(send(root, { from: 'planner', to: 'reviewer', body: 'x', ...fields })).rejects.toMatchObject({
    code: 'MESSAGE_INVALID',
    message: `This cannot be sent: ${rule}.`,
  });
});
