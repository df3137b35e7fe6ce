import { readFileSync, writeFileSync } from 'node:fs';
import { upToDate } from './sections.ts';

writeFileSync('README.md', upToDate(readFileSync('README.md', 'utf8')));
