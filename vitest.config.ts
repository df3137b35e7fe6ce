import { defineConfig } from 'vitest/config';

// These run the built command in processes of their own, so they build it first, once.
const built = { globalSetup: ['scripts/build-for-tests.mjs'], testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/faults/bounded.test.ts'] },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...built } },
      { test: { name: 'faults', include: ['test/faults/bounded.test.ts'], ...built } },
    ],
  },
});
