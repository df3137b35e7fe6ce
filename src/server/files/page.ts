/**
 * The page's files: exactly these paths, each with its text, which the build has put into the program. No path of a request is
 * ever looked up on a disk. They tell nothing of a root, so everybody may have them who reaches the server.
 */
import { files } from 'dreamos:page';
import type { Mount, OpenMount } from '../route/mount.ts';

/** Nothing but the page's own files runs, and nothing makes markup or a script of a text (Trusted Types). */
const policy = [
  "default-src 'none'",
  ...['script-src', 'style-src', 'connect-src', 'img-src'].map((what) => `${what} 'self'`),
  ...['base-uri', 'form-action', 'frame-ancestors'].map((what) => `${what} 'none'`),
  "require-trusted-types-for 'script'",
].join('; ');

export const pageFiles: readonly OpenMount[] = Object.entries(files).map(([path, { type, tag, text }]) => ({
  method: 'GET',
  path,
  open: true,
  run: ({ request }) => {
    const headers = {
      'content-type': type,
      etag: tag,
      'cache-control': 'no-cache',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    };
    const isKnown = tagsIn(request.headers.get('if-none-match')).includes(tag);
    return isKnown ? new Response(null, { status: 304, headers }) : new Response(text, { headers });
  },
}));

function tagsIn(list: string | null): string[] {
  return list?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
}

/** What the page has to know before it shows anything: who the person is, and whether he may change anything. */
export function whoMount(readOnly: boolean): Mount {
  return {
    method: 'GET',
    path: '/v1/-/page',
    run: async ({ session }) => Response.json({ agent: session.acting ?? null, readOnly, root: session.path }),
  };
}
