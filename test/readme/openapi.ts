import { readFileSync } from 'node:fs';
import { documented } from '../../src/server/openapi/documented.ts';
import { openapi } from '../../src/server/openapi/openapi.ts';

/** Where the package has it, for who makes a client without a server at hand. */
export const openapiFile = 'share/openapi.json';

export function openapiText(): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return `${JSON.stringify(openapi(documented(version)))}\n`;
}
