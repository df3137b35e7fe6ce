import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { alsoForLong, isForLong, isOfHosts, leftToAll, ofHosts, ofNodeAlone, ofServer } from './test/projects.ts';

// These run the native program, which `npm run test:native` has built.
const ofNative = 'test/native/**/*.native.test.ts';
const left = [...leftToAll.map(({ files }) => files), ofNative];
const isNative = process.env['DREAMOS_RUNTIME'] === 'native';
// These run the built command in processes of their own, so they build it first, once.
const ofBuilt = ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'];
const setupFiles = ['test/clean-up.ts'];
// What is waited for comes at once, but not on a machine that is busy with all else.
const patient = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };
// In a verdict on thousands of tests, on a machine that others share, one may fail by chance: it is run again, and the tally says
// that, and why (scripts/tally.mjs). Not so the fault parts, which are drawn anew each time: there once is too often.
const retry = process.env['CI'] ? 1 : 0;
const built = { globalSetup: ['scripts/build-for-tests.mjs'], setupFiles, ...patient };

// As the build has them: an import of a Markdown file, or of a script for Redis, gives its text.
const markdown = {
  name: 'markdown',
  load: (path: string) =>
    /\.(?:md|lua)$/.test(path) ? `export default ${JSON.stringify(readFileSync(path, 'utf8'))}` : undefined,
};

// What the native program gets from its host in C, by Node.
const host = {
  name: 'host',
  resolveId: (id: string) =>
    id === 'dreamos:host' ? fileURLToPath(new URL('test/native/host.ts', import.meta.url)) : undefined,
};

// The page, built when a test first asks for the server that has it.
const page = {
  name: 'page',
  resolveId: (id: string) => (id === 'dreamos:page' ? `\0${id}` : undefined),
  load: async (id: string) => {
    if (id !== '\0dreamos:page') return undefined;
    const at = new URL('scripts/build-page.mjs', import.meta.url).href;
    const { buildPage } = (await import(at)) as { buildPage: () => Promise<{ files: object }> };
    return `export const files = ${JSON.stringify((await buildPage()).files)};`;
  },
};

// Not at the root and extended: then each project would run the global setup, too.
const plugins = [markdown, host, page];

export default defineConfig({
  test: {
    globalSetup: ['test/say-what-is-left.ts'],
    // Left to itself it keeps one processor free, which is half of two.
    maxWorkers: '100%',
    projects: [
      // In one process, because loading the same modules for each file would take most of the time. What a test changes of
      // the process (its umask, its timers) it puts back.
      {
        plugins,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...ofBuilt, ...left],
          isolate: false,
          setupFiles,
          retry,
          ...patient,
        },
      },
      { plugins, test: { name: 'built', include: ofBuilt, exclude: left, retry, ...built } },
      ...(isNative
        ? [
            {
              plugins,
              test: { name: 'native', include: [ofNative], setupFiles, retry, ...patient },
            },
          ]
        : []),
      ...(isForLong ? [{ plugins, test: { name: 'server', include: [...ofServer, ...alsoForLong], ...built } }] : []),
      ...(isOfHosts ? [{ plugins, test: { name: 'hosts', include: [ofHosts], ...built } }] : []),
      ...leftToAll.map(({ name, files }) => ({
        plugins,
        test: {
          name,
          include: [files],
          retry: name === 'faults' ? 0 : retry,
          exclude: [...ofServer, ofHosts, ...(isNative ? ofNodeAlone : [])],
          ...built,
        },
      })),
    ],
  },
});
