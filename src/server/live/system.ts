/** What a scraper and a supervisor ask for, where they expect it. */
import { metricsText } from '../../core/metrics/exposition.ts';
import { metrics } from '../../core/metrics/metrics.ts';
import type { Mount, OpenMount } from '../route/mount.ts';

/** Of a scraper that takes it, OpenMetrics; the older text is what all others can read. */
export function metricsFormatFor(accept = ''): 'openmetrics' | 'prometheus' {
  const taken = accept.split(',').map((one) => {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return { type, weight: q === undefined ? 1 : Number(q) || 0 };
  });
  const weightOf = (...types: string[]): number =>
    Math.max(0, ...taken.filter(({ type }) => types.includes(type)).map(({ weight }) => weight));
  const open = weightOf('application/openmetrics-text');
  return open > 0 && open >= weightOf('text/plain') ? 'openmetrics' : 'prometheus';
}

const types = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

export function metricsMount(version: string): Mount {
  return {
    method: 'GET',
    path: '/metrics',
    operation: 'metrics',
    run: async ({ session }, { incoming }) => {
      const format = metricsFormatFor(incoming.headers.accept);
      const text = metricsText(await metrics(session, version), format);
      return new Response(text, { headers: { 'content-type': types[format] } });
    },
  };
}

/** What may be known without a token: that it is there, and which one it is. */
export interface Health {
  readonly pid: number;
  readonly version: string;
  /** The root's own id; `null`: nobody has an identity there yet. */
  readonly root: string | null;
  /** When it began to listen. */
  readonly since: string;
}

export function healthMount(health: () => Promise<Health>): OpenMount {
  return {
    method: 'GET',
    path: '/healthz',
    open: true,
    run: async () => Response.json(await health()),
  };
}
