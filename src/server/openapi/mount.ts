import type { OpenMount } from '../route/mount.ts';
import { documented } from './documented.ts';
import { openapi } from './openapi.ts';

/** `/openapi.json`: for everybody, because it tells nothing of the root. */
export function openapiMount(version: string): OpenMount {
  // Made when it is first asked for: it has every shape.
  let text: string | undefined;
  return {
    open: true,
    method: 'GET',
    path: '/openapi.json',
    run: () => {
      text ??= JSON.stringify(openapi(documented(version)));
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    },
  };
}
