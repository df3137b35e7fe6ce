import { readFileSync, writeFileSync } from 'node:fs';
import { evidenceModule, upToDate } from './sections.ts';

writeFileSync('README.md', upToDate(readFileSync('README.md', 'utf8')));
writeFileSync('src/cli/help/evidence.ts', evidenceModule());
