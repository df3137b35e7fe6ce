import type { DreamosError } from '../../../model/errors.ts';
import type { Mail, Settled } from '../../port/mail.ts';
import { alreadySettled, leaseLost } from '../../port/refusals.ts';
import { counted } from './claim.ts';
import type { RedisContext } from './context.ts';
import { list, parseReceipt, part, stateOf, text, texts } from './entry.ts';
import { tellSenders } from './notices.ts';

export function settling(ctx: RedisContext): Pick<Mail, 'ack' | 'nack' | 'renew' | 'checkClaim' | 'parseReceipt'> {
  const settle = async (script: string, receipt: string, ...args: readonly string[]): Promise<Settled> => {
    const { mailbox, id, token } = parseReceipt(receipt);
    const [ok, name, state, leaseUntil, dueAt, untold] = texts(await ctx.link.run(script, mailbox, id, token, ...args));
    if (ok !== 'ok') throw refusalOf(ok, id);
    if (Number(untold) > 0) await tellSenders(ctx);
    return {
      id,
      mailbox: name ?? '',
      state: stateOf(state ?? ''),
      receipt,
      ...(leaseUntil !== '' && { leaseUntil: Number(leaseUntil) }),
      ...(dueAt !== '' && { dueAt: Number(dueAt) }),
    };
  };
  return {
    ack: (receipt, { by, label, score, note, forwardedTo: to }) =>
      settle('ack', receipt, part({ by, label, score, note }), to === undefined ? '' : part({ by, label, to })),
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

function refusalOf(code: string | undefined, id: string): DreamosError {
  return code === 'ALREADY_SETTLED' ? alreadySettled(id) : leaseLost(id);
}
