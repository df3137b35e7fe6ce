import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../src/server/route/mount.ts';
import { pageFiles } from '../../../src/server/files/page.ts';

const served = new Map(pageFiles.map((file) => [file.path, file]));
const ask = async (path: string, headers: Record<string, string> = {}): Promise<Response> => {
  const file = served.get(path);
  if (!file) throw new Error(`nothing is at ${path}`);
  return file.run({ request: new Request(`http://127.0.0.1${path}`, { headers }) } as Exchange);
};
const textOf = async (path: string): Promise<string> => (await ask(path)).text();

describe('the files of the page', () => {
  it('are these and no others', () => {
    expect([...served.keys()]).toEqual(['/', '/app.js', '/app.css', '/icon.svg']);
  });

  it('come to at most 70 KB, compressed one by one', async () => {
    const sizes = await Promise.all([...served.keys()].map(async (path) => gzipSync(await textOf(path)).length));
    const sum = sizes.reduce((all, size) => all + size, 0);
    expect(sum).toBeLessThanOrEqual(70_000);
    // Something is in them.
    expect(sum).toBeGreaterThan(10_000);
  });

  it('let nothing run, load or be framed but themselves', async () => {
    for (const path of served.keys()) {
      const { headers } = await ask(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';/,
      );
      expect(policy).toContain("base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toBeNull();
    }
  });

  it('are asked for anew each time, and come once', async () => {
    const first = await ask('/app.js');
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    for (const said of [tag, `"other", W/${tag}`]) {
      const again = await ask('/app.js', { 'if-none-match': said });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
    expect((await ask('/app.js', { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await ask('/app.css')).headers.get('etag')).not.toBe(tag);
  });

  it('have no script and no style within the document', async () => {
    const html = await textOf('/');
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:/i);
    expect(html).toContain('src="app.js"');
  });

  it('ask no other host for anything', async () => {
    const all = await Promise.all([...served.keys()].map(textOf));
    const hosts = all.flatMap((text) =>
      [...text.matchAll(/(?:https?:)?\/\/([\w.-]+\.[a-z]{2,})/g)].map(([, host]) => host),
    );
    // The names of XML's languages.
    expect([...new Set(hosts)].filter((host) => host !== 'www.w3.org')).toEqual([]);
  });
});
