import { readFileSync, writeFileSync } from 'node:fs';
import { openapiFile, openapiText } from './openapi.ts';
import { pageNames, upToDate } from './sections.ts';

for (const page of pageNames) writeFileSync(page, await upToDate(page, readFileSync(page, 'utf8')));
writeFileSync(openapiFile, openapiText());
