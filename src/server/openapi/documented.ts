import { watches } from '../live/watches.ts';
import { routes } from '../routes/all.ts';
import type { Documented } from './openapi.ts';

/** All that there is of it. @param version of dreamos */
export function documented(version: string): Documented {
  return { routes, streams: watches, version };
}
