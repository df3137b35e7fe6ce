import { readFileSync } from 'node:fs';
import type { SourceMapPayload } from 'node:module';
import { getBuiltinModule } from 'node:process';

/** A stack trace of the built command with the places in the sources, where its map is there. */
export function inSources(stack: string): string {
  // Not imported: only Node has it.
  const { SourceMap } = getBuiltinModule('node:module') ?? {};
  if (!SourceMap) return stack;
  const maps = new Map<string, InstanceType<typeof SourceMap> | undefined>();
  return stack.replace(/(\/[^\s():]+\.cjs):(\d+):(\d+)/g, (place, file: string, line: string, column: string) => {
    if (!maps.has(file)) {
      const payload = readMap(file);
      maps.set(file, payload && new SourceMap(payload));
    }
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!entry || !('originalSource' in entry)) return place;
    const source = entry.originalSource.replace(/^(?:\.\.\/)+/, '');
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function readMap(file: string): SourceMapPayload | undefined {
  try {
    return JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload;
  } catch {
    return undefined;
  }
}
