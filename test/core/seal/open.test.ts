import { readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { sealRecipientOf } from '../../../src/core/identity/keys.ts';
import { encryptTo } from '../../../src/core/age/age.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { list } from '../../../src/core/look/list.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { search } from '../../../src/core/look/search.ts';
import { show } from '../../../src/core/look/show.ts';
import { thread } from '../../../src/core/look/thread.ts';
import { open } from '../../../src/core/seal/open.ts';
import { ask } from '../../../src/core/send/request.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send } from '../../../src/core/send/send.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import type { Message } from '../../../src/model/message.ts';
import type { Draft } from '../../../src/model/draft.ts';
import { removeScratch } from '../../scratch.ts';
import { refusal } from '../rig.ts';
import { createSealRig, expectRefusal, gather, must, type SealRig } from './rig.ts';

let rig: SealRig;
beforeEach(async () => {
  rig = await createSealRig();
});
afterAll(removeScratch);

const sealed = async (over: Partial<Draft> = {}): Promise<Message> =>
  rig.lies((await send(rig.root, { to: 'reviewer', body: 'the code', seal: true, ...over })).id);

/** Puts it there as who can write into the root does: nothing but its shape is looked at. */
async function plant(message: Message): Promise<void> {
  const { digest: _, ...rest } = message;
  await rig.root.store.mail.deposit('reviewer', rest, 'ready', { at: rig.clock.now(), by: 'reviewer' });
}

describe('what was changed in the root', () => {
  test('does not open: another ciphertext for the same reader, other fields, a byte', async () => {
    const [one, other] = [await sealed(), await sealed({ body: 'another' })];
    const id = rig.root.ids.next(rig.clock.now());
    const others: [Message, string][] = [
      [{ ...one, body: other.body }, `belongs to another message, "${other.id}"`],
      [{ ...one, id }, 'belongs to another message'],
      [{ ...one, from: 'Builder' }, 'says that "planner" has sent it'],
      [{ ...one, to: ['reviewer', 'Builder'] }, 'was for others'],
      [{ ...one, body: 'the code' }, 'it was changed'],
      [{ ...one, sealed: 'rot13' }, 'sealed by "rot13", which this version does not know'],
    ];
    for (const [changed, names] of others)
      await expectRefusal(open(rig.root, changed, ['reviewer']), { kind: 'denied', code: 'SEAL_UNOPENED', names });
    expect((await open(rig.root, one, ['reviewer'])).body).toBe('the code');
  });

  test('does not open, whichever byte it was', { timeout: 60_000 }, async () => {
    const one = await sealed();
    const { body } = one;
    // Each of a line's places once: all of them are ten seconds.
    for (let at = 0; at < body.length; at += 7) {
      const letter = body[at] === 'A' ? 'B' : 'A';
      const changed = { ...one, body: body.slice(0, at) + letter + body.slice(at + 1) };
      await expect(open(rig.root, changed, ['reviewer']), `byte ${at}`).rejects.toMatchObject({
        code: 'SEAL_UNOPENED',
      });
    }
  });
});

describe('a spoilt key of his own', () => {
  const spoil = async (change: (seal: string) => string): Promise<string> => {
    const path = must((await showIdentity(rig.root, 'reviewer')).private);
    const text = readFileSync(path, 'utf8');
    const seal = must(/AGE-SECRET-KEY-[0-9A-Z]+/.exec(text)?.[0]);
    writeFileSync(path, text.replace(seal, change(seal)));
    return path;
  };

  test.each([
    ['a letter', (seal: string) => seal.slice(0, -1) + (seal.endsWith('Q') ? 'P' : 'Q')],
    ['its length', (seal: string) => seal.slice(0, -1)],
    ['its kind', (seal: string) => seal.replace('KEY-1', 'KEY-2')],
  ])('(%s) is told with its file, without a word of it, and is not the fault of the message', async (_, change) => {
    const { id } = await sealed();
    const path = await spoil(change);
    for (const call of [
      async () => open(rig.root, await rig.lies(id), ['reviewer']),
      () => readNext(rig.as('reviewer'), 'reviewer', { unseal: true }),
      () => show(rig.as('reviewer'), id, { unseal: true }),
    ]) {
      const error = await refusal(call());
      expect([error.kind, error.code]).toEqual(['denied', 'UNAUTHENTICATED']);
      expect(error.message).toContain(path);
      expect(inspect([error, error.cause, rig.warnings, rig.mail.log])).not.toMatch(/AGE-SECRET|checksum/i);
    }
    expect(await rig.root.store.look.find(id)).toMatchObject([{ state: 'ready', attempt: 0 }]);
  });

  test('nor does a changed message say what the library says of it', async () => {
    const one = await sealed();
    const error = await refusal(open(rig.root, { ...one, body: 'the code' }, ['reviewer']));
    expect(error.message).toBe(`Message ${one.id} is sealed, and not opened: it was changed.`);
    expect(error.cause).toBeUndefined();
  });
});

test('who has proved who he is opens by no key of another agent, be it that of the mailbox', async () => {
  const { id } = await sealed();
  const builder = { ...rig.as('Builder'), proved: true };
  const read = readNext(builder, 'reviewer', { unseal: true });
  await expectRefusal(read, { kind: 'denied', code: 'UNAUTHENTICATED', names: 'Builder' });
  await expectRefusal(show(builder, id, { unseal: true }), {
    kind: 'denied',
    code: 'UNAUTHENTICATED',
    names: 'Builder',
  });
  const own = { ...rig.as('reviewer'), proved: true };
  expect((await readNext(own, 'reviewer', { unseal: true }))?.message.body).toBe('the code');
});

test('what somebody else has sealed by age, and handed in, opens as well', async () => {
  const id = rig.root.ids.next(rig.clock.now());
  const inner = JSON.stringify({ v: 1, id, from: 'ci', to: ['reviewer'], body: 'by hand' });
  const body = await encryptTo(inner, [must(await sealRecipientOf(rig.root, 'reviewer'))]);
  const { sealed: _, ...like } = await sealed();
  await plant({ ...like, id, from: 'ci', body, sealed: 'age' });
  expect((await show(rig.as('reviewer'), id, { unseal: true })).message).toMatchObject({ body: 'by hand', from: 'ci' });
});

describe('a search', () => {
  test('finds in what is sealed what it is asked to open, and else nothing of it', async () => {
    const { id, body } = await sealed({ data: { key: 'needle' } });
    const { id: plain } = await send(rig.root, { to: 'reviewer', body: 'a needle' });
    const found = async (text: string, unseal?: boolean) =>
      (await gather(search(rig.as('reviewer'), text, { ...(unseal && { unseal }) }))).map((one) => one.id);
    expect(await found('needle')).toEqual([plain]);
    expect(await found(body.slice(120, 124))).toEqual([]);
    expect((await found('needle', true)).sort()).toEqual([id, plain].sort());
    const [one] = await gather(search(rig.as('reviewer'), 'the code', { unseal: true }));
    expect(one).toMatchObject({ unsealed: true, message: { body: 'the code' } });
    expect(rig.warnings).toEqual([]);
  });

  test('says how many it could not open, and finds them by what stands outside', async () => {
    for (let n = 0; n < 2; n++) await sealed({ subject: 'Codes', to: 'reviewer,planner' });
    const all = await gather(search(rig.stranger('reviewer'), 'codes', { unseal: true }));
    expect(all).toHaveLength(4);
    expect(all[0]).not.toHaveProperty('unsealed');
    expect(rig.warnings).toHaveLength(1);
    expect(rig.warnings[0]).toMatch(/^2 sealed messages do not open .*The first: .*no private key of reviewer is here/);
  });
});

describe('a look at several', () => {
  test('checks the signature of what lies there, and opens what is in it', async () => {
    await setConfig(rig.root, 'signatures', 'warn');
    const one = await sealed({ subject: 'Codes', sealSubject: true });
    const me = rig.as('reviewer');
    const [listed] = await gather(list(me, 'reviewer', { unseal: true }));
    const [peeked] = await peek(me, 'reviewer', { unseal: true });
    const [threaded] = await thread(me, one.id, { unseal: true });
    for (const seen of [listed, peeked, threaded])
      expect(seen).toMatchObject({
        ...{ signature: 'verified', unsealed: true, message: { subject: 'Codes', body: 'the code' } },
      });
    expect((await rig.lies(one.id)).body).toContain('BEGIN AGE');
  });

  test('opens nothing that the filter leaves out', async () => {
    await sealed({ type: 'event' });
    const options = { unseal: true, filter: { type: 'task' } };
    expect(await gather(list(rig.stranger('reviewer'), 'reviewer', options))).toEqual([]);
    expect(rig.warnings).toEqual([]);
  });

  test('warns also of a list that is left early', async () => {
    for (let n = 0; n < 2; n++) await sealed();
    for await (const _ of list(rig.stranger('reviewer'), 'reviewer', { unseal: true })) break;
    expect(rig.warnings).toEqual([expect.stringMatching(/^One sealed message does not open/)]);
  });
});

describe('who reads', () => {
  test('gets it as it lies, or opened if he says so', async () => {
    await sealed();
    await sealed();
    const reviewer = rig.as('reviewer');
    expect(must(await readNext(reviewer, 'reviewer')).message.sealed).toBe('age');
    const opened = must(await readNext(reviewer, 'reviewer', { unseal: true }));
    expect(opened).toMatchObject({ unsealed: true, message: { body: 'the code' } });
    expect(await ack(reviewer, opened.receipt)).toMatchObject({ state: 'archived' });
  });

  test('of a loop gets each opened, and is told of one that does not open', async () => {
    const one = await sealed();
    const bad = await sealed({ priority: 'urgent' });
    const jobs = consume(rig.as('reviewer'), 'reviewer', { unseal: true, waitMs: 0, filter: {} });
    const [entry] = await rig.root.store.look.find(bad.id);
    await rig.root.store.mail.cancel(must(entry), {});
    await plant({ ...bad, id: rig.root.ids.next(rig.clock.now()) });
    const { value } = await jobs.next();
    expect(must(value)).toMatchObject({ unsealed: true, message: { id: one.id, body: 'the code' } });
    await jobs.return();
    expect(rig.warnings[0]).toContain('belongs to another message');
    expect(rig.mail.log.findLast(({ event }) => event === 'nacked')).toMatchObject({ attempt: 1 });
  });

  test('without the key gets nothing, and uses up no attempt', async () => {
    const { id } = await sealed();
    await expectRefusal(readNext(rig.stranger('reviewer'), 'reviewer', { unseal: true }), {
      kind: 'denied',
      code: 'UNAUTHENTICATED',
      names: 'no private key of reviewer is here',
    });
    expect(await rig.root.store.look.find(id)).toMatchObject([{ state: 'ready', attempt: 0 }]);
  });

  test('in the name of another mailbox opens it with that one’s key, or with his own', async () => {
    await createIdentity(rig.root, 'Builder');
    await sealed();
    expect(await readNext(rig.as('Builder'), 'reviewer', { unseal: true })).toMatchObject({ unsealed: true });
  });
});

test('who asks gets the answer opened, if his key is here', async () => {
  const answered = async (asks: ReturnType<typeof rig.as>) => {
    const asked = ask(asks, { to: 'reviewer', body: 'which code?', seal: true }, { waitMs: 5000 });
    let job = await readNext(rig.as('reviewer'), 'reviewer');
    while (!job) {
      await new Promise((resolve) => setImmediate(resolve));
      job = await readNext(rig.as('reviewer'), 'reviewer');
    }
    await reply(rig.as('reviewer'), job.receipt, { body: '4711' });
    return must((await asked).answer);
  };
  expect(await answered(rig.root)).toMatchObject({ unsealed: true, message: { body: '4711' } });
  const shut = await answered(rig.stranger('planner'));
  expect(shut.message.sealed).toBe('age');
  expect(rig.warnings.join()).toContain('no private key of planner is here');
});
