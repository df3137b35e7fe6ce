// A setup file, which runs for each test file: a hook in a module that many of them import would belong to the first alone,
// because they share their modules.
import { afterAll, vi } from 'vitest';
import { endStore } from './e2e/stored.ts';
import { removeScratch } from './scratch.ts';

afterAll(removeScratch);
afterAll(endStore);
// A test that failed in between has not put them back, and everything behind it in this process would stand still.
afterAll(() => void vi.useRealTimers());
