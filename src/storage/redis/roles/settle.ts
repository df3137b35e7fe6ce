import { DreamosError } from '../../../model/errors.ts';
import type { Mail, Settled } from '../../port/mail.ts';
import { alreadySettled, leaseLost, orRefusal } from '../../port/refusals.ts';
import { counted } from './claim.ts';
import type { RedisContext } from './context.ts';
import { list, parseReceipt, part, stateOf, text, texts } from './entry.ts';
import { tellSenders } from './notices.ts';

type Settling = Pick<Mail, 'ack' | 'ackMany' | 'nack' | 'renew' | 'checkClaim' | 'parseReceipt'>;

export function settling(ctx: RedisContext): Settling {
  const settle = async (script: string, receipt: string, ...args: readonly string[]): Promise<Settled> => {
    const { mailbox, id, token } = parseReceipt(receipt);
    const reply = texts(await ctx.link.run(script, mailbox, id, token, ...args));
    if (untoldIn(reply)) await tellSenders(ctx);
    const settled = settledIn(reply, receipt, id);
    if (settled instanceof DreamosError) throw settled;
    return settled;
  };
  const ackMany: Mail['ackMany'] = async (receipts, { by, label, score, note, forwardedTo: to }) => {
    const claims = receipts.map((receipt) => orRefusal(() => parseReceipt(receipt)));
    const good = claims.flatMap((one) => (one instanceof DreamosError ? [] : one));
    const said = [part({ by, label, score, note }), to === undefined ? '' : part({ by, label, to })];
    const named = good.flatMap(({ mailbox, id, token }) => [mailbox, id, token]);
    const replies = good.length === 0 ? [] : list(await ctx.link.run('ackMany', ...said, ...named)).map(texts);
    if (replies.some(untoldIn)) await tellSenders(ctx);
    let at = 0;
    return claims.map((one, i) =>
      one instanceof DreamosError ? one : settledIn(replies[at++] ?? [], receipts[i] as string, one.id),
    );
  };
  return {
    ack: (receipt, { by, label, score, note, forwardedTo: to }) =>
      settle('ack', receipt, part({ by, label, score, note }), to === undefined ? '' : part({ by, label, to })),
    ackMany,
    nack: (receipt, { policy, by, label, delayMs, reason = '', dead, free }) =>
      settle(
        'nack',
        receipt,
        ...[
          part({ by, label }),
          reason,
          delayMs === undefined ? '' : String(delayMs),
          dead ? '1' : '',
          free ? '1' : '',
        ],
        ...[policy.maxAttempts, policy.backoffMinMs, policy.backoffMaxMs, ctx.ids.fraction()].map(counted),
      ),
    renew: (receipt, { by, label, leaseMs }) => settle('renew', receipt, part({ by, label }), String(leaseMs)),
    checkClaim: async (receipt) => {
      const { mailbox, id, token } = parseReceipt(receipt);
      const [ok] = list(await ctx.link.run('check', mailbox, id, token));
      if (text(ok) !== 'ok') throw refusalOf(text(ok), id);
    },
    parseReceipt: (receipt) => {
      const { token: _token, ...about } = parseReceipt(receipt);
      return about;
    },
  };
}

/** What a script answers of one claim (lua/settle.lua `settledOf`). */
function settledIn(reply: readonly string[], receipt: string, id: string): Settled | DreamosError {
  const [ok, name, state, leaseUntil, dueAt] = reply;
  if (ok !== 'ok') return refusalOf(ok, id);
  return {
    id,
    mailbox: name ?? '',
    state: stateOf(state ?? ''),
    receipt,
    ...(leaseUntil !== '' && { leaseUntil: Number(leaseUntil) }),
    ...(dueAt !== '' && { dueAt: Number(dueAt) }),
  };
}

const untoldIn = (reply: readonly string[]): boolean => Number(reply[5] ?? 0) > 0;

function refusalOf(code: string | undefined, id: string): DreamosError {
  return code === 'ALREADY_SETTLED' ? alreadySettled(id) : leaseLost(id);
}
