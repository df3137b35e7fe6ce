import type { Session } from '../../../src/core/root/root.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { hourMs } from './setting.ts';
import { archived, dead, inflight, type Place, type Scenario } from './story.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';
import { newToken } from '../../storage/contract/ways.ts';

/** What a consumer does with its mail. */
export const settlingScenarios: readonly Scenario[] = [
  {
    name: 'read',
    always: true,
    prepare: async (setting) => {
      await setting.sent('mine');
      return {
        argv: ['read', 'b'],
        // Claimed and not shown: it comes again when the lease ends.
        fates: [
          { body: 'mine', mailbox: 'b', before: ['ready', 'inflight'], after: inflight, failed: ['ready', 'inflight'] },
        ],
        repeat: async (root, told) => {
          const [delivery] = told as unknown as Delivery[];
          if (!delivery) await readAndAck(root, 'mine');
          else await ack(root, delivery.receipt);
          return undefined;
        },
      };
    },
  },
  {
    name: 'read --ack',
    always: true,
    prepare: async (setting) => {
      await setting.sent('mine');
      return {
        argv: ['read', 'b', '--ack'],
        fates: [
          {
            body: 'mine',
            mailbox: 'b',
            before: ['ready', 'inflight'],
            after: ['inflight', 'archived'],
            failed: ['ready', 'inflight'],
          },
        ],
      };
    },
  },
  {
    name: 'read, removing an empty bucket',
    prepare: async (setting) => {
      await setting.emptyBucket('in the second');
      return {
        argv: ['read', 'b'],
        fates: [
          {
            body: 'in the second',
            mailbox: 'b',
            before: ['ready', 'inflight'],
            after: inflight,
            failed: ['ready', 'inflight'],
          },
        ],
      };
    },
  },
  {
    name: 'ack',
    always: true,
    prepare: async (setting) => {
      const { receipt } = await setting.claimed('done');
      return {
        argv: ['ack', receipt],
        fates: [{ body: 'done', mailbox: 'b', before: ['inflight', 'archived'], after: archived, failed: inflight }],
        repeat: (root) => settledOr(() => ack(root, receipt)),
      };
    },
  },
  ...(['0', '48h'] as const).map((delay): Scenario => {
    const to: Place = delay === '0' ? 'ready' : 'delayed';
    return {
      name: `nack, ${to}`,
      prepare: async (setting) => {
        const { receipt } = await setting.claimed('again');
        return {
          argv: ['nack', receipt, '--delay', delay, '--reason', 'busy'],
          fates: [{ body: 'again', mailbox: 'b', before: ['inflight', to], after: [to], failed: inflight }],
          repeat: (root) => settledOr(() => nack(root, receipt, { delayMs: delay === '0' ? 0 : 48 * hourMs })),
        };
      },
    };
  }),
  {
    name: 'nack --dead',
    always: true,
    prepare: async (setting) => {
      const { receipt } = await setting.claimed('hopeless');
      return {
        argv: ['nack', receipt, '--dead', '--reason', 'broken'],
        fates: [{ body: 'hopeless', mailbox: 'b', before: ['inflight', 'dead'], after: dead, failed: inflight }],
        repeat: (root) => settledOr(() => nack(root, receipt, { dead: true, reason: 'broken' })),
      };
    },
  },
  {
    name: 'renew',
    prepare: async (setting) => {
      const { receipt } = await setting.claimed('longer');
      return {
        argv: ['renew', receipt, '--lease', '12h'],
        fates: [{ body: 'longer', mailbox: 'b', before: inflight, after: inflight, failed: inflight }],
        // The receipt stays valid through renewals.
        repeat: async (root) => {
          await root.store.mail.renew(receipt, { leaseMs: hourMs });
          return undefined;
        },
      };
    },
  },
];

/** Settles once more: done now, or refused because it was done before. @returns what is wrong */
export async function settledOr(settle: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await settle();
    return undefined;
  } catch (error) {
    return error instanceof DreamosError && error.code === 'ALREADY_SETTLED' ? undefined : String(error);
  }
}

async function readAndAck(root: Session, body: string): Promise<void> {
  const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 1000 };
  const delivery = await root.store.mail.claim('b', { token: newToken(), leaseMs: 60_000, policy });
  if (delivery?.message.body === body) await root.store.mail.ack(delivery.receipt, {});
}
