// vitest's global setup of test/e2e: what is tested is what is in src now.
import { buildAll } from './build.mjs';

export async function setup() {
  await buildAll({ types: false });
}
