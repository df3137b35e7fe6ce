import { describe, expect, it } from 'vitest';
import { pauseAgent } from '../../src/core/agents/pause.ts';
import { reserve } from '../../src/core/reserve/reserve.ts';
import { send } from '../../src/core/send/send.ts';
import type { ToolName } from '../../src/mcp/shapes.ts';
import { notFound } from '../../src/model/refusals.ts';
import { connect, counts, eras } from './rig.ts';

const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';

describe.each(eras)('by %s', (era) => {
  it.each<[name: ToolName, input: object, code: string, message: RegExp, hint: RegExp]>([
    ['mail_send', { to: 'ghost', body: 'x' }, 'AGENT_NOT_FOUND', /no agent "ghost"/, /agent register ghost/],
    ['mail_send', { to: 'planner' }, 'USAGE', /mail_send: body: is missing/, /It takes: to, body/],
    ['mail_send', { to: 'planner', bdy: 'x', body: '' }, 'USAGE', /mail_send takes no "bdy"/, /Did you mean "body"/],
    ['mail_send', { to: 'planner', body: '' }, 'BODY_EMPTY', /empty/, /./],
    ['mail_send', { to: 'planner', body: 'x', ttl: 'soon' }, 'USAGE', /mail_send: ttl/, /It takes/],
    ['mail_send', { to: 'planner', body: 'x', ttl: '1s', delay: '2s' }, 'USAGE', /would expire/, /./],
    ['mail_read', { wait: '51s' }, 'USAGE', /waits at most 50s/, /Call it again/],
    ['mail_read', { mailbox: 'ghost' }, 'AGENT_NOT_FOUND', /ghost/, /./],
    ['mail_read', { lease: '13h' }, 'USAGE', /at most 12h/, /./],
    ['mail_request', { to: 'planner', body: 'x', wait: '5m' }, 'USAGE', /waits at most 50s/, /./],
    [
      'mail_request',
      { to: 'planner', body: 'x', wait: '1ms' },
      'NOTHING_THERE',
      /No answer came within 1ms/,
      /"thread": "\w{26}"/,
    ],
    ['mail_peek', { limit: 0 }, 'USAGE', /mail_peek: limit/, /./],
    ['mail_list', { states: ['lost'] }, 'USAGE', /mail_list: states\.0: has to be one of/, /./],
    ['mail_thread', { id }, 'MESSAGE_NOT_FOUND', new RegExp(id), /./],
    ['mail_ack', {}, 'MESSAGE_NOT_FOUND', /reviewer holds no message/, /dreamos read reviewer/],
    ['mail_ack', { message: id }, 'MESSAGE_NOT_FOUND', new RegExp(id), /./],
    ['mail_ack', { message: 'nonsense' }, 'RECEIPT_INVALID', /./, /./],
    ['mail_nack', {}, 'MESSAGE_NOT_FOUND', /reviewer holds no message/, /./],
    ['mail_reply', { body: 'x' }, 'MESSAGE_NOT_FOUND', /reviewer holds no message/, /./],
    ['reserve', { paths: [] }, 'USAGE', /reserve: paths: must not be empty/, /./],
    ['reserve', { paths: ['a'], for: '25h' }, 'USAGE', /lasts from/, /./],
    ['reserve', { paths: ['a'], wait: '1m' }, 'USAGE', /waits at most 50s/, /./],
    ['task_next', { wait: '1m' }, 'USAGE', /waits at most 50s/, /./],
    ['task_done', { id }, 'MESSAGE_NOT_FOUND', /no task/, /./],
    ['task_create', { title: ' ' }, 'MESSAGE_INVALID', /needs a title/, /./],
    ['release', { paths: ['a'] }, 'RESERVATION_LOST', /./, /./],
    ['mail_status', { mailbox: 'ghost' }, 'AGENT_NOT_FOUND', /ghost/, /./],
  ])('%s of %j is refused, and changes nothing but what it says', async (name, input, code, message, hint) => {
    await using rig = await connect(era);
    const { error } = await rig.call(name, input);
    expect(error).toMatchObject({ code });
    expect(error?.message).toMatch(message);
    expect(error?.hint).toMatch(hint);
    expect(await counts(rig)).toEqual({ ready: 0, inflight: 0, archived: 0 });
  });

  it('a tool that is not there is an error of the protocol that names those that are', async () => {
    await using rig = await connect(era);
    await expect(rig.client.callTool({ name: 'mail_eat', arguments: {} })).rejects.toThrow(
      /no tool "mail_eat"\. There are: mail_status, /,
    );
    await expect(rig.client.callTool({ name: 'toString', arguments: {} })).rejects.toThrow(/no tool "toString"/);
  });
});

describe('who acts', () => {
  it('is said by --as, else by DREAMOS_AGENT', async () => {
    const env = { DREAMOS_AGENT: 'planner' };
    await using named = await connect('2025-11-25', { as: 'reviewer', env });
    expect((await named.call('mail_status')).value).toMatchObject({ acting: 'reviewer' });
    await using told = await connect('2025-11-25', { as: '', env });
    expect((await told.call('mail_status')).value).toMatchObject({ acting: 'planner' });
  });

  it.each(['mail_status', 'mail_read', 'mail_ack'] as const)('if he is unknown, %s says so', async (name) => {
    await using rig = await connect('2025-11-25', { as: 'reviewr' });
    const { error } = await rig.call(name);
    expect(error).toMatchObject({ code: 'AGENT_NOT_FOUND', message: expect.stringContaining('"reviewr"') as string });
    expect(error?.hint).toContain('Did you mean "reviewer"?');
  });

  it('if nobody is, what needs a name asks for it, and the rest works', async () => {
    await using rig = await connect('2025-11-25', { as: '' });
    expect((await rig.call('mail_status')).text).toMatch(/^It is not known who you are\./);
    expect((await rig.call('mail_peek', { mailbox: 'reviewer' })).error).toBeUndefined();
    for (const [name, input] of [
      ['mail_read', {}],
      ['mail_send', { to: 'planner', body: 'x' }],
      ['mail_request', { to: 'planner', body: 'x' }],
    ] as const) {
      const { error } = await rig.call(name, input);
      expect(error, name).toMatchObject({ code: 'USAGE' });
      expect(error?.hint, name).toContain('dreamos mcp --as <agent>');
    }
  });

  it('may be asked before there is a root, and served once there is', async () => {
    let isThere = false;
    const { createRigOn } = await import('../core/rig.ts');
    const { systemClock } = await import('../../src/model/clock.ts');
    const root = await createRigOn(systemClock);
    await using rig = await connect('2026-07-28', {
      openRoot: async () => {
        if (!isThere) throw notFound('ROOT_NOT_FOUND', 'There is no root.', 'dreamos init');
        return root.as('reviewer');
      },
    });
    expect((await rig.client.listTools()).tools).toHaveLength(18);
    expect((await rig.call('mail_status')).error).toMatchObject({ code: 'ROOT_NOT_FOUND', hint: 'dreamos init' });
    isThere = true;
    expect((await rig.call('mail_status')).error).toBeUndefined();
  });
});

describe('what cannot be done', () => {
  it('a claim that is lost is said to be lost, and whose it is', async () => {
    await using rig = await connect();
    await send(rig.root.root, { to: 'planner', body: 'mine' });
    const { id: theirs } = await send(rig.root.root, { to: 'planner', body: 'also mine' });
    expect((await rig.call('mail_ack', { message: theirs })).error).toMatchObject({ code: 'LEASE_LOST' });
    await send(rig.root.root, { to: 'reviewer', body: 'yours' });
    const read = await rig.call('mail_read');
    const { receipt } = read.value['delivery'] as { receipt: string };
    await rig.call('mail_ack', { message: receipt });
    expect((await rig.call('mail_ack', { message: receipt })).error).toMatchObject({ code: 'ALREADY_SETTLED' });
  });

  it('of two that are held a bare ack chooses none', async () => {
    await using rig = await connect();
    for (const body of ['one', 'two']) await send(rig.root.root, { to: 'reviewer', body });
    for (let i = 0; i < 2; i++) await rig.call('mail_read');
    const { error } = await rig.call('mail_ack');
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(/holds 2 messages/) as string });
    expect(await counts(rig)).toMatchObject({ inflight: 2 });
  });

  it('a read that finds nothing says what its reader still holds, or that the mailbox is paused', async () => {
    await using rig = await connect();
    await send(rig.root.root, { to: 'reviewer', body: 'one' });
    await rig.call('mail_read');
    expect((await rig.call('mail_read', { wait: '10ms' })).text).toMatch(
      /^Nothing came for reviewer within 10ms\.\nreviewer still holds what it has not finished:/,
    );
    await rig.call('mail_ack');
    await pauseAgent(rig.root.root, 'reviewer');
    expect((await rig.call('mail_read')).text).toMatch(/paused/);
  });

  it('files that another has are refused, with who has them, until when and why', async () => {
    await using rig = await connect();
    await reserve(rig.root.root, 'src', { cwd: '/work', reason: 'grammar' });
    const { error } = await rig.call('reserve', { paths: ['src/a.ts', 'b.ts'], wait: '10ms' });
    expect(error).toMatchObject({
      code: 'RESERVED',
      message: expect.stringMatching(/by planner until .*grammar/) as string,
    });
    expect((await rig.call('release')).text).toBe('You have reserved nothing.');
  });

  it('of several that are given free those that were over are told, and the others are free', async () => {
    await using rig = await connect();
    await rig.call('reserve', { paths: ['a.ts'] });
    const { text, value } = await rig.call('release', { paths: ['a.ts', 'b.ts'] });
    expect(text).toMatch(/a\.ts is free\.\nRESERVATION_LOST: /);
    expect(value).toMatchObject({ released: [{}], refused: [{ error: { code: 'RESERVATION_LOST' } }] });
  });

  it('a second answer is refused unless it is asked for', async () => {
    await using rig = await connect();
    const { id: asked } = await send(rig.root.root, { to: 'reviewer', body: 'one' });
    await rig.call('mail_read');
    await rig.call('mail_reply', { message: asked, body: 'first' });
    const { error } = await rig.call('mail_reply', { message: asked, body: 'second' });
    expect(error).toMatchObject({ code: 'ALREADY_EXISTS', hint: expect.stringContaining('`again`') as string });
    expect((await rig.call('mail_reply', { message: asked, body: 'second', again: true })).error).toBeUndefined();
  });
});
