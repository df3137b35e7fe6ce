import { noteMail } from '../../../src/core/audit/note.ts';
import { checkpoint } from '../../../src/core/audit/checkpoint.ts';
import { verifyAudit } from '../../../src/core/audit/verify.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { checkpointLog } from '../../../src/storage/port/audit.ts';
import type { Mail } from '../../../src/storage/memory/mail.ts';

/** Noted as the setting `all` has it. */
export async function noted(root: Session, ...ids: readonly string[]): Promise<void> {
  await noteMail(
    root,
    ids.map((id) => ({ op: 'send', by: 'planner', id, to: ['reviewer'] })),
  );
}

/** Two checkpoints with a line each, and one line behind them. */
export async function twoAndOne(root: Session): Promise<void> {
  for (const id of ['one', 'two']) {
    await noted(root, id);
    await checkpoint(root, { ifNew: true });
  }
  await noted(root, 'three');
}

export const problems = async (root: Session, anchor?: string): Promise<string[]> =>
  (await verifyAudit(root, anchor === undefined ? {} : { anchor })).findings
    .filter(({ level }) => level === 'problem')
    .map(({ rule }) => rule);

export function textOf(mail: Mail, log: string): string {
  return mail.audit.logs.get(log)?.toString() ?? '';
}

export function rewrite(mail: Mail, log: string, change: (text: string) => string): void {
  mail.audit.logs.set(log, Buffer.from(change(textOf(mail, log))));
}

const lines = (mail: Mail, log: string): string[] => textOf(mail, log).split('\n').filter(Boolean);
export const checkpoints = (mail: Mail): string[] => lines(mail, checkpointLog);
