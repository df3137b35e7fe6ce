import type { MetricFamily } from '../../contract/numbers/metrics.ts';
import type { Session } from '../root/root.ts';
import { families } from './families.ts';
import { gauges } from './gauges.ts';
import { totals } from './totals.ts';
import { operation } from '../root/operation.ts';

/** What a scraper gets, made now. @param version of dreamos, for who knows it */
export const metrics = operation('metrics', metricsBody);

async function metricsBody(session: Session, version?: string): Promise<MetricFamily[]> {
  const nowMs = session.store.now();
  const measured = { gauges: await gauges(session), totals: await totals(session) };
  return families({ ...measured, nowMs, root: session.path, version });
}
