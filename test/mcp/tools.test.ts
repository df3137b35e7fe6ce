import { describe, expect, it } from 'vitest';
import { asJsonSchema } from '../../src/contract/shape.ts';
import { jsonSchemaOf, schemas } from '../../src/contract/schemas.ts';
import { toolNames, tools } from '../../src/mcp/shapes.ts';
import { reply } from '../../src/core/send/reply.ts';
import { send } from '../../src/core/send/send.ts';
import { readNext } from '../../src/core/take/read.ts';
import { instructions } from '../../src/mcp/serve.ts';
import { corruptOnce } from '../core/rig.ts';
import { connect, counts, eras, pause, type Rig } from './rig.ts';

describe.each(eras)('by %s', (era) => {
  it('every tool does its work, and gives exactly what its shape says', async () => {
    await using rig = await connect(era);
    const { call, root } = rig;
    expect(rig.client.getNegotiatedProtocolVersion()).toBe(era);
    expect(rig.client.getInstructions()).toBe(instructions);
    const { id } = await send(root.root, { to: 'reviewer', body: 'Is it *good*?', subject: 'Review', data: { pr: 7 } });

    const status = await call('mail_status');
    expect(status.text).toMatch(/^You are reviewer\.\n.*^reviewer: 1 ready, the oldest for .*, 0 inflight/ms);
    expect(status.value).toMatchObject({ acting: 'reviewer' });
    expect((await call('mail_status', { mailbox: 'planner' })).text).not.toMatch(/^reviewer:/m);
    expect((await call('mail_peek', { limit: 5 })).text).toMatch(/Subject: +Review\n(.|\n)*```\nIs it \*good\*\?\n```/);
    expect((await call('mail_list')).text).toMatch(new RegExp(`^${id} ready, from planner: "Review"$`));
    expect(await counts(rig)).toMatchObject({ ready: 1, inflight: 0 });

    const read = await call('mail_read', { wait: '5s', lease: '2m', from: 'planner' });
    expect(read.text).toMatch(/Words of agent "planner": data.*\n```\nIs it \*good\*\?\n```\nData of agent "planner":/);
    const { receipt } = read.value['delivery'] as { receipt: string };
    expect(read.text).toContain(`Receipt:     ${receipt}`);
    expect(read.text).toMatch(/Lease until: \d{4}-/);
    expect((await call('mail_list')).text).toContain(`receipt ${receipt}`);
    const answered = await call('mail_reply', { body: 'Yes.', ack: true });
    expect(answered.value).toMatchObject({ mailboxes: ['planner'], acked: { id, state: 'archived', receipt } });
    expect((await call('mail_thread', { id })).text).toMatch(
      /Is it \*good\*\?(.|\n)*Where: +planner: ready(.|\n)*Yes\./,
    );

    const sent = await call('mail_send', { to: ['planner', 'reviewer'], body: 'To both.', priority: 'urgent' });
    expect(sent.text).toMatch(/^\w{26} is sent to planner, reviewer\.$/);
    await call('mail_read');
    const rests = await call('mail_nack', { reason: 'not now', delay: '1h' });
    expect(rests.value).toMatchObject({ state: 'delayed' });
    expect(rests.text).toMatch(/is delayed until \d{4}-\S+Z \(in (?:1h|59m)/);
    await send(root.root, { to: 'reviewer', body: 'Once more.' });
    await call('mail_read', { wait: '50s' });
    expect((await call('mail_ack', { score: 0.5, note: 'meagre' })).value).toMatchObject({ state: 'archived' });
    const { events } = await root.root.store.journal.readEvents(
      ['reviewer'],
      await root.root.store.journal.cursor(['reviewer'], 'start'),
    );
    expect(events.at(-1)).toMatchObject({ event: 'acked', score: 0.5, note: 'meagre' });
    expect(await call('mail_read')).toMatchObject({
      text: 'Nothing came for reviewer.',
      value: { delivery: null },
    });

    const asking = call('mail_request', { to: 'Builder', body: 'What now?', wait: '20s' });
    const question = await readNext(root.root, 'Builder', { waitMs: 20_000 });
    await reply(root.root, question?.receipt ?? '', { body: 'Nothing.' }, { ack: true });
    expect((await asking).text).toMatch(/```\nNothing\.\n```$/);

    const reserved = await call('reserve', { paths: ['src/a.ts', 'docs/*'], for: '2h', reason: 'grammar' });
    expect(reserved.text).toMatch(/src\/a\.ts is yours until \d{4}-.* \(token \d+\)\.\n.* is yours/);
    expect(reserved.value).toMatchObject({ reservations: [{ agent: 'reviewer', created: true }, {}] });
    expect((await call('release', { paths: ['src/a.ts'] })).text).toMatch(/src\/a\.ts is free\.$/);
    expect((await call('release')).value).toMatchObject({ released: [{}], refused: [] });

    const made = await call('task_create', {
      title: 'parse *it*',
      body: 'all of it',
      priority: 'high',
      data: { pr: 7 },
    });
    expect(made).toMatchObject({ text: expect.stringMatching(/ready: nobody has it|lacks/) as string });
    const { id: task } = made.value as { id: string };
    expect((await call('task_list')).text).toMatch(new RegExp(`^${task} .*: "parse \\*it\\*"$`));
    const taken = await call('task_next', { lease: '2m' });
    expect(taken.text).toMatch(/^Task \w{26}: "parse \*it\*"\nYours until .*, attempt 1\.\n(.|\n)*```\nall of it\n```/);
    expect(taken.value).toMatchObject({ task: { id: task, body: 'all of it', input: { pr: 7 } } });
    const half = await call('task_progress', { id: task.slice(-6), percent: 50, note: 'half' });
    expect(half.value).toMatchObject({ state: 'active', progress: { percent: 50 } });
    const over = await call('task_done', { id: task, result: 'merged', data: [1] });
    expect(over).toMatchObject({ text: `${task} done.`, value: { result: 'merged', data: [1] } });
    expect(await call('task_next')).toMatchObject({ text: 'There is no task for you.', value: { task: null } });
    const hard = (await call('task_create', { title: 'too hard' })).value as { id: string };
    await call('task_next');
    expect((await call('task_fail', { id: hard.id, reason: 'no words' })).text).toBe(`${hard.id} failed: no words.`);
    expect(rig.err()).toBe('');
  });

  it('tells of each what it takes, gives and does, as the contract has it', async () => {
    await using rig = await connect(era);
    const listed = (await rig.client.listTools()).tools;
    expect(listed.map(({ name }) => name)).toEqual(toolNames);
    for (const { name, ...tool } of listed) {
      const { input, output, title } = tools[name as keyof typeof tools];
      expect(tool).toMatchObject({ title, inputSchema: asJsonSchema(input()), outputSchema: asJsonSchema(output()) });
    }
    const looking = listed.filter(({ annotations }) => annotations?.readOnlyHint);
    expect(looking.map(({ name }) => name)).toEqual([
      'mail_status',
      'mail_peek',
      'mail_list',
      'mail_thread',
      'task_list',
    ]);
    for (const { annotations } of listed)
      expect(annotations).toMatchObject({ destructiveHint: false, openWorldHint: false });
  });
});

describe('what a tool gives', () => {
  it('has the warnings beside it that a person would read', async () => {
    await using rig: Rig = await connect('2025-11-25', {
      openRoot: async () => {
        const session = rig.root.as('reviewer');
        corruptOnce(session);
        return session;
      },
    });
    await send(rig.root.root, { to: 'reviewer', body: 'x' });
    const { content } = await rig.client.callTool({ name: 'mail_peek', arguments: {} });
    expect(content.slice(1)).toEqual([
      { type: 'text', text: expect.stringMatching(/^Warning: .*cannot be read/) as string },
    ]);
    expect(rig.err()).toBe('');
  });

  it('has within it what `dreamos schema` prints', () => {
    const within = (name: keyof typeof tools, field: string) =>
      (asJsonSchema(tools[name].output()) as { properties: Record<string, object> }).properties[field];
    const { $schema: _, ...read } = jsonSchemaOf('read') as Record<string, unknown>;
    expect(within('mail_read', 'delivery')).toEqual({ anyOf: [read, { type: 'null' }] });
    for (const [name, shape] of [
      ['mail_peek', 'peek'],
      ['mail_list', 'list'],
      ['mail_thread', 'show'],
    ] as const) {
      const { $schema: __, ...items } = jsonSchemaOf(shape) as Record<string, unknown>;
      expect(within(name, 'messages')).toEqual({ type: 'array', items });
    }
    expect(tools.mail_ack.output()).toBe(schemas.settled);
    expect(tools.mail_send.output()).toBe(schemas.send);
  });

  it('an answer is acked once it has arrived, and not before', async () => {
    await using rig = await connect();
    const asking = rig.call('mail_request', { to: 'planner', body: 'What now?', wait: '20s' });
    const question = await readNext(rig.root.root, 'planner', { waitMs: 20_000 });
    await reply(rig.root.root, question?.receipt ?? '', { body: 'Nothing.' }, { ack: true });
    await asking;
    await pause(100);
    expect(await counts(rig)).toMatchObject({ inflight: 1, archived: 0 });
    for (let i = 0; i < 200 && (await counts(rig)).archived === 0; i++) await pause(25);
    expect(await counts(rig)).toMatchObject({ inflight: 0, archived: 1 });
  });

  it('the instructions are short', () => {
    expect(instructions.length).toBeLessThanOrEqual(400);
  });
});
