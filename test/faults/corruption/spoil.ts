/** The ways to spoil a file, and what each may cost. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { holdsBytes, probe, type Seen } from './probe.ts';
import { touchedBy, type Specimen } from './kinds.ts';
import { overwrite, type Template } from './tree.ts';

export interface Spoiling {
  readonly name: string;
  readonly file: Specimen;
  readonly bytes: Buffer;
  /** `<mailbox>/<id>`: these may end in corrupt/; all others have to come. */
  readonly touched: ReadonlySet<string>;
}

export function flip(file: Specimen, at: number, mask: number): Spoiling {
  const bytes = Buffer.from(file.bytes);
  bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
  return { name: `byte ${at} ^ ${mask}`, file, bytes, touched: touchedBy(file, at) };
}

export function truncate(file: Specimen, length: number): Spoiling {
  return {
    name: `cut to ${length}`,
    file,
    bytes: file.bytes.subarray(0, length),
    touched: touchedBy(file, length, Infinity),
  };
}

export function zeroed(file: Specimen): Spoiling {
  return { name: 'all zeros', file, bytes: Buffer.alloc(file.bytes.length), touched: touchedBy(file, 0, Infinity) };
}

export function lengthened(file: Specimen): Spoiling {
  const bytes = Buffer.concat([file.bytes, Buffer.from('{"from":"x","body":"y"}\n')]);
  return { name: 'something appended', file, bytes, touched: touchedBy(file, 0, Infinity) };
}

/** Spoils a copy of the root, looks at it, and says which promises it broke. */
export async function tryOut(
  template: Template,
  dir: string,
  spoiling: Spoiling,
  whole: Seen,
  repairFirst: boolean,
): Promise<string[]> {
  template.copyTo(dir);
  try {
    overwrite(join(dir, spoiling.file.paths[0]), spoiling.bytes);
    const seen = await probe(dir, repairFirst);
    return [...seen.failures, ...compare(dir, spoiling, seen, whole)];
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

function compare(dir: string, { file, bytes, touched }: Spoiling, seen: Seen, whole: Seen): string[] {
  const failures: string[] = [];
  const handedIn = file.kind === 'handed in';
  for (const [place, times] of seen.delivered) {
    if (times.length > 1) failures.push(`${place} was delivered ${times.length} times.`);
    const right = whole.delivered.get(place)?.[0];
    // What a script hands in has no digest: its bytes are the message.
    if (times[0] !== right && !(handedIn && right === undefined && saysSo(bytes, times[0]))) {
      failures.push(`${place} was delivered wrong: ${times[0]}`);
    }
  }
  for (const place of whole.delivered.keys()) {
    if (seen.delivered.has(place) || touched.has(place) || (handedIn && isHandedIn(whole, place))) continue;
    failures.push(`${place} was not delivered, although its bytes are whole.`);
  }
  for (const [place, message] of seen.kept) {
    const right = whole.kept.get(place) ?? whole.delivered.get(place)?.[0];
    if (message !== right && !(handedIn && right === undefined)) failures.push(`${place} is shown wrong: ${message}`);
  }
  const spoilt = [...touched].some((place) => !seen.delivered.has(place) && !seen.kept.has(place));
  if (spoilt && !holdsBytes(dir, bytes)) failures.push('The spoilt bytes are not kept.');
  if (file.kind === 'event log') failures.push(...compareEvents(file, bytes, seen, whole));
  else if (seen.events.length < whole.events.length) failures.push('Events are missing.');
  if (
    seen.repeat !== whole.repeat &&
    !(file.kind === 'dedupe key' && (seen.repeat === 'CORRUPT' || (seen.repeat === 'sent anew' && keyRemoved(seen)))) &&
    !cardGone(seen.repeat)
  ) {
    failures.push(`A send under the same key was answered: ${seen.repeat}.`);
  }
  return failures;
}

function cardGone(answer: string): boolean {
  // config.json decides what may be sent: unreadable, it refuses.
  return answer === 'CONFIG_INVALID';
}

function saysSo(bytes: Buffer, message: string | undefined): boolean {
  const said = JSON.parse(bytes.toString()) as Record<string, unknown>;
  const told = JSON.parse(message ?? '{}') as Record<string, unknown>;
  return said['body'] === told['body'] && said['from'] === told['from'];
}

function isHandedIn(whole: Seen, place: string): boolean {
  return whole.delivered.get(place)?.[0]?.includes('not adopted yet') ?? false;
}

/** Every line that is still there as it was is told; of those that are not, a watcher is warned. */
function compareEvents(file: Specimen, bytes: Buffer, seen: Seen, whole: Seen): string[] {
  const before = file.bytes.toString('latin1').split('\n');
  const after = new Set(bytes.toString('latin1').split('\n').slice(0, -1));
  const told = new Set(seen.events);
  const missing = before.filter(
    (line, i) => after.has(line) && line !== '' && !told.has(whole.events[indexOf(whole, line, i)] ?? ''),
  );
  return missing.map((line) => `An event whose line is whole was not told: ${line}`);
}

function indexOf(whole: Seen, line: string, hint: number): number {
  const same = JSON.stringify(JSON.parse(Buffer.from(line, 'latin1').toString()));
  const sorted = sortedFields(same);
  const at = whole.events.findIndex((event) => sortedFields(event) === sorted);
  return at < 0 ? hint : at;
}

function sortedFields(json: string): string {
  return JSON.stringify(Object.entries(JSON.parse(json) as object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `doctor --fix` said that it forgot a key which nobody could read: then the next send under it is a new one. */
function keyRemoved({ findings }: Seen): boolean {
  return findings.some(({ rule, fixed }) => rule === 'dedupe' && fixed);
}
