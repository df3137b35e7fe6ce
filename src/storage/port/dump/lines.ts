/** A dump as JSON Lines. The last one has the digest of all before it, so that what is cut off or changed is known by it. */
import { DreamosError } from '../../../model/errors.ts';
import { startSha256 } from '../../../model/basics/sha256.ts';
import { type TakeRecord } from './loading.ts';
import { type DumpEnd, type DumpHead, dumpFormat, dumpLine, type DumpRecord, dumpVersion } from './records.ts';
import { differing, Tally } from './tally.ts';

export type Head = Pick<DumpHead, 'engine' | 'root' | 'at'>;

/** Writes a dump, part by part. @param write the next of its text */
export class DumpWriter {
  readonly tally = new Tally();
  readonly #write: (text: string) => Promise<void>;
  readonly #hash = startSha256();
  #records = 0;
  #waiting: string[] = [];
  #length = 0;

  constructor(write: (text: string) => Promise<void>) {
    this.#write = write;
  }

  begin({ engine, root, at }: Head): Promise<void> {
    const head: DumpHead = { kind: 'head', format: dumpFormat, version: dumpVersion, engine, root, at };
    return this.#line(head);
  }

  readonly take: TakeRecord = (record) => {
    this.tally.add(record);
    return this.#line(record);
  };

  async end(): Promise<DumpEnd> {
    const sha256 = this.#hash.hex();
    const end: DumpEnd = { kind: 'end', records: this.#records, sha256, mailboxes: this.tally.mailboxes() };
    await this.#flush();
    await this.#write(`${JSON.stringify(end)}\n`);
    return end;
  }

  async #line(line: DumpHead | DumpRecord): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    this.#hash.update(Buffer.from(text));
    this.#records++;
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length > partCharacters) await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#length = 0;
    if (text !== '') await this.#write(text);
  }
}

const partCharacters = 64 * 1024;

/**
 * Gives each record of a dump, and throws at its end where it is not whole: so nothing is made of it before that.
 * @param lines without their ends @param what it is called, for messages @returns what its last line says
 * @throws FORMAT_UNKNOWN, FORMAT_TOO_NEW, CORRUPT
 */
export async function readDump(
  lines: AsyncIterable<string>,
  what: string,
  take: TakeRecord,
): Promise<DumpHead & DumpSum> {
  const hash = startSha256();
  const tally = new Tally();
  let head: DumpHead | undefined;
  let end: DumpEnd | undefined;
  let records = 0;
  for await (const text of lines) {
    if (end) throw spoilt(what, 'something comes behind its last line');
    const line = parse(text);
    if (!head) {
      head = headOf(what, text, line);
    } else if (!line) {
      throw spoilt(what, `its line ${records + 1} is none of a dump`);
    } else if (line.kind === 'head') {
      throw spoilt(what, `its line ${records + 1} begins another dump`);
    }
    if (line?.kind === 'end') {
      end = line;
      continue;
    }
    hash.update(Buffer.from(`${text}\n`));
    records++;
    if (!line || line.kind === 'head') continue;
    tally.add(line);
    try {
      await take(line);
    } catch (error) {
      throw error instanceof SpoiltRecord ? spoilt(what, error.why) : error;
    }
  }
  if (!head) throw unknown(what);
  if (!end) throw spoilt(what, 'its end is missing');
  if (end.records !== records || end.sha256 !== hash.hex()) throw spoilt(what, 'it has changed since it was written');
  const [odd] = differing(end.mailboxes, tally.mailboxes());
  if (odd !== undefined) throw spoilt(what, `what it has of ${odd} is not what its last line says`);
  return { ...head, messages: tally.messages, mailboxes: end.mailboxes };
}

export interface DumpSum {
  readonly messages: number;
  readonly mailboxes: DumpEnd['mailboxes'];
}

function parse(text: string): DumpHead | DumpRecord | DumpEnd | undefined {
  try {
    const parsed = dumpLine.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function headOf(what: string, text: string, line: ReturnType<typeof parse>): DumpHead {
  if (line?.kind === 'head' && line.version === dumpVersion) return line;
  const version = newer(text);
  if (version === undefined) throw unknown(what);
  throw new DreamosError(
    'invalid',
    'FORMAT_TOO_NEW',
    `The dump ${what} has version ${version}; this dreamos knows ${dumpVersion}.`,
    { hint: 'Update dreamos: npm install -g dreamos@latest' },
  );
}

/** The version of a dump that is newer than this; `undefined`: it is none. */
function newer(text: string): number | undefined {
  try {
    const { format, version } = JSON.parse(text) as Partial<DumpHead>;
    return format === dumpFormat && Number.isSafeInteger(version) && Number(version) > dumpVersion
      ? version
      : undefined;
  } catch {
    return undefined;
  }
}

function unknown(what: string): DreamosError {
  return new DreamosError('invalid', 'FORMAT_UNKNOWN', `${what} does not begin as a dump of dreamos does.`, {
    hint: 'Name the file that a dump was written into; of a backup, restore makes a root',
  });
}

/** What one record says cannot be. It knows no name of the dump. */
export class SpoiltRecord extends DreamosError {
  readonly why: string;

  constructor(why: string) {
    const { kind, code, message, hint } = spoilt('What is loaded', why);
    super(kind, code, message, { hint });
    this.why = why;
  }
}

export function spoilt(what: string, why: string): DreamosError {
  return new DreamosError('invalid', 'CORRUPT', `${what} is cut off, or was changed: ${why}.`, {
    hint: 'Nothing was loaded. Make the dump again, in the root that it is of',
  });
}
