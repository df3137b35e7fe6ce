import { join } from 'node:path';

/** The lines that an agent runs, as `dreamos setup` writes them. */
export function hooksFor(host: string, as: string | undefined) {
  const who = as === undefined ? '' : ` --as ${as}`;
  const tell = `o=$(dreamos hook ${host}${who} 2>/dev/null) && printf %s "$o" || :`;
  const wait = `o=$(dreamos hook ${host} --wait${who} 2>/dev/null)`;
  return {
    tell: host === 'codex' ? `sh -c '${tell}'` : tell,
    wait:
      host === 'codex'
        ? `sh -c '${wait} && printf %s "$o" || :'`
        : `${wait}; [ $? -eq 10 ] && printf %s "$o" && exit 2; exit 0`,
  };
}

export function binary(name: string): string {
  return join(process.cwd(), 'test', 'agents', 'node_modules', '.bin', name);
}

export function inShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
