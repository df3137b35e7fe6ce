import { defineConfig } from 'vitest/config';
import { leftToAll } from './test/projects.ts';

const left = leftToAll.map(({ files }) => files);
// These run the built command in processes of their own, so they build it first, once.
const ofBuilt = ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'];
const built = { globalSetup: ['scripts/build-for-tests.mjs'], testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    globalSetup: ['test/say-what-is-left.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...ofBuilt, ...left] } },
      { test: { name: 'built', include: ofBuilt, exclude: left, ...built } },
      ...leftToAll.map(({ name, files }) => ({ test: { name, include: [files], ...built } })),
    ],
  },
});
