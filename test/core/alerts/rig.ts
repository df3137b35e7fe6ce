import { vi } from 'vitest';
import { checkAlerts, type CheckAlertsOptions } from '../../../src/core/alerts/alerts.ts';
import type { RunCommand } from '../../../src/core/alerts/tell.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { nack } from '../../../src/core/take/settle.ts';
import { readNext } from '../../../src/core/take/read.ts';
import type { AlertNow, AlertTold } from '../../../src/contract/numbers/alerts.ts';
import { forgetSettings } from '../../../src/core/root/config-file.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';
import { must } from '../rig.ts';

export async function setRules(root: Session, alerts: unknown): Promise<void> {
  await changeSettingsIn(root.store, (settings) => ({ ...settings, alerts }) as typeof settings);
  forgetSettings(root);
}

export async function makeDead(root: Session, mailbox = 'reviewer'): Promise<void> {
  await send(root, { to: mailbox, body: 'a task' });
  await nack(root, must(await readNext(root, mailbox)).receipt, { dead: true, reason: 'cannot' });
}

/** What a check says of one alert. */
export async function checked(root: Session, alert = 'dead', options?: CheckAlertsOptions): Promise<AlertNow[]> {
  return (await checkAlerts(root, options)).filter((one) => one.alert === alert);
}

/** Keeps what it was run for. */
export function runner(exitCode: number | null = 0): { run: RunCommand; ran: AlertTold[] } {
  const ran: AlertTold[] = [];
  return {
    ran,
    run: async (_, told) => {
      ran.push(told);
      return { exitCode, said: exitCode === 0 ? '' : 'no such host' };
    },
  };
}

export const pass = (ms: number): unknown => vi.setSystemTime(Date.now() + ms);

/** From the n-th on, nothing that this session writes comes to be: it was killed right before. */
export function endAfter({ store }: Session, n: number): { readonly steps: () => number } {
  let steps = 0;
  const dying =
    <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> => {
      if (++steps >= n) throw new Error('killed');
      return work(...args);
    };
  store.documents.put = dying(store.documents.put.bind(store.documents));
  store.mail.send = dying(store.mail.send.bind(store.mail));
  return { steps: () => steps };
}
