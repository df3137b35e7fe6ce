// A setup file, which runs for each test file: a hook in a module that many of them import would belong to the first alone,
// because they share their modules.
import { afterAll } from 'vitest';
import { removeScratch } from './scratch.ts';

afterAll(removeScratch);
