// Builds the page of the server from src/page/. Its files go into the program (`dreamos:page`), so that a server has the page of
// its own version, looks up no path of a request on a disk, and cannot serve a file that is none of these.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const types = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** @returns {Promise<{ files: Record<string, { type: string, tag: string, text: string }>, metafile: object }>} by path */
export async function buildPage() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/page/main.tsx', 'src/page/style/app.css'],
    entryNames: 'app',
    outdir: 'dist/page',
    bundle: true,
    format: 'esm',
    // They have light-dark(): of spring 2024.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  for (const name of ['index.html', 'icon.svg']) texts.set(name, await readFile(join(root, 'src/page', name), 'utf8'));
  const files = Object.entries(types).map(([name, type]) => {
    const text = texts.get(name);
    const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
    return [name === 'index.html' ? '/' : `/${name}`, { type, tag, text }];
  });
  return { files: Object.fromEntries(files), metafile };
}

/** `import { files } from 'dreamos:page'`, for esbuild. @param built is told of esbuild's metafile, once it has built it */
export const pagePlugin = (built = () => {}) => ({
  name: 'page',
  setup(api) {
    api.onResolve({ filter: /^dreamos:page$/ }, ({ path }) => ({ path, namespace: 'page' }));
    api.onLoad({ filter: /./, namespace: 'page' }, async () => {
      const { files, metafile } = await buildPage();
      built(metafile);
      return { contents: `export const files = ${JSON.stringify(files)};`, loader: 'js' };
    });
  },
});
