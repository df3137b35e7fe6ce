import { DreamosError } from '../../../model/errors.ts';
import { acceptsOf } from '../../../model/filter.ts';
import { unseal } from '../../../model/message.ts';
import type { ClaimManyOptions, ClaimOptions, Delivery, Mail } from '../../port/mail.ts';
import { ifRepeated, type ScriptArg } from '../link/link.ts';
import type { RedisContext } from './context.ts';
import { bytesIn, formatReceipt, list, part, type Reply, text } from './entry.ts';
import { tellSenders } from './notices.ts';
import { bytesOf } from './packs.ts';

/** So many are looked at in one call, by a claim with a filter. */
const pageSize = 50;

/** A number of a policy as the scripts read it. */
export const counted = (limit: number): string => (limit === Infinity ? '1e300' : String(limit));

type Claiming = Pick<
  Mail,
  'claim' | 'claimMany' | 'takeUp' | 'recover' | 'finishSends' | 'openInbox' | 'closeInbox' | 'hasInbox'
>;

export function claiming(ctx: RedisContext): Claiming {
  const { link } = ctx;
  return {
    claim: (mailbox, options) => (options.filter ? claimOf(ctx, mailbox, options) : claimNext(ctx, mailbox, options)),
    claimMany: (mailbox, options) => claimMany(ctx, mailbox, options),
    // Its leases end; of processes on other machines nobody here knows.
    takeUp: async () => ({
      token: () => ctx.ids.token(),
      seesGone: async () => false,
      close: async () => undefined,
    }),
    recover: async (mailbox, policy) => {
      const [moved, nextAt, untold] = list(await link.run('recover', mailbox, counted(policy.maxAttempts)));
      if (Number(untold) > 0) await tellSenders(ctx);
      return { moved: Number(moved), ...(text(nextAt) !== '' && { nextAt: Number(text(nextAt)) }) };
    },
    finishSends: async () => undefined,
    openInbox: async (mailbox, request, until) =>
      void (await link.runDurably('openInbox', mailbox, request, String(until))),
    closeInbox: async (mailbox, request) => Number(await link.run('closeInbox', mailbox, request)),
    hasInbox: async (mailbox, request) => Number(await link.run('hasInbox', mailbox, request)) === 1,
  };
}

async function claimNext(ctx: RedisContext, mailbox: string, options: ClaimOptions): Promise<Delivery | undefined> {
  const { token, leaseMs, policy, by, label, maxAttempts, inbox = '', repeat } = options;
  const [untold, ...delivery] = list(
    await ctx.link.run(
      'claim',
      ...[mailbox, String(leaseMs), token, part({ by, label }), counted(policy.maxAttempts)],
      ...([maxAttempts === undefined ? '' : counted(maxAttempts), inbox, repeat ? '1' : ifRepeated] as ScriptArg[]),
    ),
  );
  if (Number(untold) > 0) await tellSenders(ctx);
  return delivery.length > 0 ? deliveryOf(ctx, delivery) : undefined;
}

async function claimMany(ctx: RedisContext, mailbox: string, options: ClaimManyOptions): Promise<Delivery[]> {
  const { tokens, leaseMs, policy, by, label, maxAttempts, repeat } = options;
  const [untold, ...taken] = list(
    await ctx.link.run(
      'claimMany',
      ...[mailbox, String(leaseMs), part({ by, label }), counted(policy.maxAttempts)],
      ...([maxAttempts === undefined ? '' : counted(maxAttempts), repeat ? '1' : ifRepeated] as ScriptArg[]),
      ...tokens,
    ),
  );
  if (Number(untold) > 0) await tellSenders(ctx);
  const all = await Promise.all(taken.map((delivery) => deliveryOr(ctx, list(delivery))));
  const readable = all.flatMap((one) => (one instanceof DreamosError ? [] : one));
  if (readable.length === 0 && all[0] instanceof DreamosError) throw all[0];
  return readable;
}

/** Of one of many: the others are taken, too. One that cannot be read waits for the end of its lease, as behind a single claim. */
async function deliveryOr(ctx: RedisContext, reply: readonly Reply[]): Promise<Delivery | DreamosError> {
  try {
    return await deliveryOf(ctx, reply, true);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    const [mailbox, id] = reply;
    ctx.warn(`${text(id)} in ${text(mailbox)} was claimed and cannot be handed out: ${error.message}`);
    return error;
  }
}

async function deliveryOf(ctx: RedisContext, reply: readonly Reply[], isCarried = false): Promise<Delivery> {
  const [mailbox, id, token, attempt, leaseUntil, task, pack, bytes] = reply;
  const name = text(mailbox);
  const sealed = bytesIn(bytes) ?? (await bytesOf(ctx, name, text(id), text(pack)));
  return {
    receipt: formatReceipt(name, text(id), text(token), text(task) === '1'),
    mailbox: name,
    attempt: Number(attempt),
    leaseUntil: Number(text(leaseUntil)),
    message: unseal(sealed, isCarried),
  };
}

/** With a filter: page by page of what could be claimed, and then that one, if it is as it was. */
async function claimOf(ctx: RedisContext, mailbox: string, options: ClaimOptions): Promise<Delivery | undefined> {
  const { token, leaseMs, policy, by, label, maxAttempts, inbox = '', repeat, signal } = options;
  const accepts = acceptsOf(options.filter) ?? (() => true);
  for (let after = ''; ;) {
    const [untold, mine, ...page] = list(
      await ctx.link.run(
        'candidates',
        ...[mailbox, after, token, counted(policy.maxAttempts), inbox, repeat ? '1' : '', String(pageSize)],
      ),
    );
    if (Number(untold) > 0) await tellSenders(ctx);
    if (Array.isArray(mine)) return deliveryOf(ctx, mine as Reply[]);
    if (page.length === 0) return undefined;
    for (let i = 0; i < page.length; i += 4) {
      const [id, place, version, bytes] = page.slice(i, i + 4);
      after = text(place);
      if (signal?.aborted) return undefined;
      const sealed = bytesIn(bytes);
      if (!sealed || !accepts(unseal(sealed))) continue;
      const taken = await ctx.link.run(
        'take',
        ...[mailbox, text(id), text(version), String(leaseMs), token, part({ by, label })],
        ...[maxAttempts === undefined ? '' : counted(maxAttempts), inbox],
      );
      if (taken) return deliveryOf(ctx, list(taken));
    }
  }
}
