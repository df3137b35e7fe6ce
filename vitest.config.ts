import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// These run the built command in processes of their own, so they build it first, once.
const built = { globalSetup: ['scripts/build-for-tests.mjs'], testTimeout: 60_000, hookTimeout: 60_000 };

// As the build has them: an import of a Markdown file gives its text.
const markdown = {
  name: 'markdown',
  load: (path: string) =>
    path.endsWith('.md') ? `export default ${JSON.stringify(readFileSync(path, 'utf8'))}` : undefined,
};

export default defineConfig({
  plugins: [markdown],
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/faults/bounded.test.ts'] },
      },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...built } },
      { extends: true, test: { name: 'faults', include: ['test/faults/bounded.test.ts'], ...built } },
    ],
  },
});
