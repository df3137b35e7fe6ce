/**
 * Many senders and many consumers on one mailbox. A command that sends one message costs about 65 ms of processor time
 * before it does anything, so 3,200 of them would be minutes on two cores. The full number of single sends therefore
 * comes from 16 processes that use the library, the full number once more from 16 `send --batch`, and a smaller number
 * from one command per message.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { type Rig, errorsOf, parseLines, pause, type Running, test, until } from './rig.ts';

const processes = 16;
const each = 200;
const paddingBytes = 300;
// Half a minute at most on two idle cores; the rest is for machines that are busy with other things.
const patienceMs = 240_000;
vi.setConfig({ testTimeout: patienceMs });
const senders = Array.from({ length: processes }, (_, n) => `sender-${n}`);

interface Claim {
  readonly id: string;
  readonly receipt: string;
  readonly attempt: number;
  readonly leaseUntil: number;
  readonly body: string;
  /** The consumer's name. */
  readonly by: string;
  /** `done`, or the code of the error. */
  ack?: string;
}

describe('16 processes send 200 messages each while 16 processes read and ack', () => {
  test('one by one: all are delivered, none twice, none corrupt', async ({ rig }) => {
    const how = { leaseMs: 600_000, workMs: 60 };
    const consumers = Array.from({ length: processes }, (_, n) => startConsumer(rig, `${n}`, how));
    const ids = await idsOf(
      senders.map((from) =>
        rig.worker('send.mjs', { root: rig.root, from, to: 'reviewer', count: each, paddingBytes }),
      ),
    );
    await allArchived(rig, processes * each);
    await stopConsumers(consumers);

    await expectEachOnceInArchive(rig, ids, (from, n) => `${from} ${n} ${'x'.repeat(paddingBytes)}`);
    const claims = claimsOf(rig);
    expect(claims.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(claims.filter(({ attempt, ack }) => attempt !== 1 || ack !== 'done')).toEqual([]);
    expect(new Set(claims.map(({ receipt }) => receipt)).size).toBe(ids.length);
  });

  test('with send --batch, into read --ack: all are delivered, none twice, none corrupt', async ({ rig }) => {
    const reading = new AbortController();
    const readers = senders.map(() => readUntilStopped(rig, reading.signal));
    const ids = await idsOf(
      senders.map((from) => rig.start(['send', 'reviewer', '--batch', '--as', from], { stdin: batch(from) })),
    );
    await allArchived(rig, processes * each);
    reading.abort();
    const read = (await Promise.all(readers)).flat();

    await expectEachOnceInArchive(rig, ids, (from, n) => `${from} ${n} batch`);
    expect(read.map(({ message }) => message.id).sort()).toEqual([...ids].sort());
    expect(read.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  });

  test('one command per message: all are delivered, none twice, none corrupt', async ({ rig }) => {
    const few = 2;
    const reading = new AbortController();
    const readers = senders.slice(0, 4).map(() => readUntilStopped(rig, reading.signal));
    const sends = senders.map(async (from) => {
      const ids: string[] = [];
      for (let n = 0; n < few; n++)
        ids.push(await rig.sent(['send', 'reviewer', `${from} ${n}`, '--as', from, '--quiet']));
      return ids;
    });
    const ids = (await Promise.all(sends)).flat();
    await allArchived(rig, processes * few);
    reading.abort();
    const read = (await Promise.all(readers)).flat();

    await expectEachOnceInArchive(rig, ids, (from, n) => `${from} ${n}`);
    expect(read.map(({ message }) => message.id).sort()).toEqual([...ids].sort());
  });
});

test('consumers killed by SIGKILL at random, leases of 1 s: none lost, redelivered only after a lease ran out or its consumer was killed, every ack of a claim that was taken back is LEASE_LOST', async ({
  rig,
}) => {
  const leaseMs = 1000;
  expect(await rig.dreamos('config set maxAttempts 1000')).toMatchObject({ code: 0 });
  // Some work, so that most kills hit somebody who holds a message; some dawdle beyond their lease and ack all the same.
  const how = { leaseMs, workMs: 25, dawdleShare: 0.01, dawdleMs: 1300 };
  const consumers: Running[] = Array.from({ length: processes }, (_, n) => startConsumer(rig, `${n}`, how));
  const sending = idsOf(
    senders.map((from) => rig.start(['send', 'reviewer', '--batch', '--as', from], { stdin: batch(from) })),
  );

  let kills = 0;
  const names = Array.from({ length: processes }, (_, n) => `${n}`);
  const killed = new Set<string | undefined>();
  const archived = () => countArchived(rig);
  while (archived() < processes * each) {
    await pause(100 + Math.random() * 150);
    const victim = Math.floor(Math.random() * processes);
    await consumers[victim]?.kill('SIGKILL');
    kills++;
    killed.add(names[victim]);
    const name = (names[victim] = `${victim}-${kills}`);
    consumers[victim] = startConsumer(rig, name, how);
    expect(kills, 'it should have come to an end by now').toBeLessThan(2000);
  }
  const ids = await sending;
  await stopConsumers(consumers);

  await expectEachOnceInArchive(rig, ids, (from, n) => `${from} ${n} batch`);
  const claims = claimsOf(rig);
  const byMessage = new Map<string, Claim[]>();
  for (const claim of claims) byMessage.set(claim.id, [...(byMessage.get(claim.id) ?? []), claim]);
  expect([...byMessage.keys()].sort()).toEqual([...ids].sort());
  const takenBack: Claim[] = [];
  for (const [id, ofOne] of byMessage) {
    const inOrder = ofOne.sort((a, b) => a.attempt - b.attempt);
    expect(new Set(ofOne.map(({ attempt }) => attempt)).size, `two claims of ${id} under one attempt`).toBe(
      ofOne.length,
    );
    for (const [i, next] of inOrder.entries()) {
      const earlier = inOrder[i - 1];
      if (earlier === undefined) continue;
      takenBack.push(earlier);
      if (killed.has(earlier.by)) continue;
      expect(
        next.leaseUntil - leaseMs,
        `${id} was claimed again while attempt ${earlier.attempt} held`,
      ).toBeGreaterThanOrEqual(earlier.leaseUntil);
    }
    expect(ofOne.filter(({ ack }) => ack === 'done').length, `acks of ${id}`).toBeLessThanOrEqual(1);
  }
  // What was acked too late was refused as LEASE_LOST and nothing else, and only if it had been taken back.
  for (const claim of claims) {
    if (claim.ack === undefined) continue;
    expect(claim.ack, `ack of ${claim.id}, attempt ${claim.attempt}`).toBe(
      takenBack.includes(claim) ? 'LEASE_LOST' : claim.ack === 'done' ? 'done' : 'LEASE_LOST',
    );
  }
  expect(claims.filter(({ ack }) => ack === 'LEASE_LOST').length, 'consumers that were too slow').toBeGreaterThan(0);
  expect(
    takenBack.filter(({ ack }) => ack === undefined).length,
    `claims of the ${kills} killed that were taken back`,
  ).toBeGreaterThan(0);

  const late = takenBack.map(({ receipt }) => receipt);
  const acks = await rig.dreamos(['ack', '--json', ...late]);
  expect(acks).toMatchObject({ code: 5, out: '' });
  expect(errorsOf(acks).map(({ code }) => code)).toEqual(late.map(() => 'LEASE_LOST'));
});

function batch(from: string): string {
  return Array.from({ length: each }, (_, n) => `${JSON.stringify({ body: `${from} ${n} batch` })}\n`).join('');
}

async function idsOf(running: readonly Running[]): Promise<string[]> {
  const results = await Promise.all(running.map(({ ended }) => ended));
  for (const { code, err } of results) expect(code, err).toBe(0);
  return results.flatMap(({ out }) => out.split('\n').filter(Boolean));
}

function startConsumer(rig: Rig, name: string, how: object): Running {
  return rig.worker('consume.mjs', {
    root: rig.root,
    mailbox: 'reviewer',
    log: join(rig.dir, `claims-${name}.jsonl`),
    ...how,
  });
}

/** One that is still starting does not listen to the signal yet, and is ended by it. */
async function stopConsumers(consumers: readonly Running[]): Promise<void> {
  for (const { code, signal, err } of await Promise.all(consumers.map((consumer) => consumer.kill('SIGTERM')))) {
    expect({ ended: code === 0 || signal === 'SIGTERM', err }, `code ${code}`).toEqual({ ended: true, err: '' });
  }
}

/** Reads with one command after the other, as a script does. */
async function readUntilStopped(rig: Rig, signal: AbortSignal): Promise<ReturnType<typeof parseLines>> {
  const read = [];
  while (!signal.aborted) {
    const result = await rig.dreamos('read reviewer -n 1000 --wait 1s --ack --json --lease 10m');
    expect([0, 3], result.err).toContain(result.code);
    read.push(...result.json);
  }
  return read;
}

// From the names, because a process that asks a hundred times would take the processor from those that are tested.
function countArchived(rig: Rig): number {
  const archive = join(rig.box('reviewer'), 'archive');
  return readdirSync(archive).reduce((count, day) => count + readdirSync(join(archive, day)).length, 0);
}

async function allArchived(rig: Rig, count: number): Promise<void> {
  await until(`${count} messages acked`, () => countArchived(rig) >= count, patienceMs);
}

/** What the consumers have written down, oldest first of each consumer. */
function claimsOf(rig: Rig): Claim[] {
  const claims = new Map<string, Claim>();
  for (const name of readdirSync(rig.dir).filter((file) => file.startsWith('claims-'))) {
    // A killed process may leave half a line, of something that it had not done yet.
    const whole = readFileSync(join(rig.dir, name), 'utf8').split('\n').slice(0, -1).join('\n');
    for (const line of parseLines(whole)) {
      const { claimed, acked, refused, code, ...claim } = line as unknown as Record<string, string> & Claim;
      if (claimed !== undefined) {
        expect(claims.has(claim.receipt), `two claims with the receipt ${claim.receipt}`).toBe(false);
        claims.set(claim.receipt, { ...claim, id: claimed, by: name.slice('claims-'.length, -'.jsonl'.length) });
      }
      const settled = claims.get(acked ?? refused ?? '');
      if (settled) settled.ack = acked === undefined ? (code ?? '') : 'done';
    }
  }
  return [...claims.values()];
}

async function expectEachOnceInArchive(
  rig: Rig,
  ids: readonly string[],
  bodyOf: (from: string, n: number) => string,
): Promise<void> {
  const [status] = (await rig.dreamos('status reviewer --json')).json;
  expect(status).toMatchObject({ ready: 0, inflight: 0, delayed: 0, dead: 0, archived: ids.length, corrupt: 0 });
  const archive = await rig.dreamos('archive list reviewer --json');
  expect(archive.code).toBe(0);
  expect(archive.json.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const count = ids.length / senders.length;
  const bodies = senders.flatMap((from) => Array.from({ length: count }, (_, n) => bodyOf(from, n)));
  expect(archive.json.map(({ message }) => message.body).sort()).toEqual(bodies.sort());
}
