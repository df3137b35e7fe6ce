/** Deeper than any mailbox ever was, and far from where the recursion here or in JSON.stringify would end. */
const maxDepth = 200;
/** A double carries 15 decimal digits for certain. */
const exactDigits = 15;

export type Span = readonly [start: number, end: number];

export type JsonText =
  | {
      readonly ok: true;
      /** Whole numbers that a double rounds, ids for one, are texts in it. */
      readonly value: unknown;
      /** The value cannot say all that the text says: a key twice in one object, or a number that a double rounds. */
      readonly lossy: boolean;
      /** Where the elements of the list itself are (key ''), or of the lists directly in the object, by their key. */
      readonly elements: ReadonlyMap<string, readonly Span[]>;
    }
  | { readonly ok: false; readonly problem: string; readonly at: number };

/**
 * Strict JSON, with what `JSON.parse` does not tell: where exactly it breaks off (its messages name a position in some
 * cases and some versions only), which bytes an element of a list is made of, and whether anything was lost.
 */
export function readJson(text: string): JsonText {
  const scan = new Scan(text);
  try {
    scan.document();
  } catch (error) {
    if (error instanceof Broken) return { ok: false, problem: error.problem, at: error.at };
    throw error;
  }
  return { ok: true, value: JSON.parse(scan.spared()), lossy: scan.lossy, elements: scan.elements };
}

class Broken extends Error {
  readonly problem: string;
  readonly at: number;

  constructor(problem: string, at: number) {
    super(problem);
    this.problem = problem;
    this.at = at;
  }
}

class Scan {
  readonly elements = new Map<string, Span[]>();
  lossy = false;
  readonly #rounded: Span[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#space();
    if (this.#at === this.#text.length) throw new Broken('nothing but white space', 0);
    this.#value(0, '');
    this.#space();
    if (this.#at < this.#text.length) this.#fail('something follows the end of the JSON value');
  }

  /** The text, with quotes around what would be rounded. */
  spared(): string {
    let from = 0;
    const parts = this.#rounded.map(([start, end]) => {
      const part = `${this.#text.slice(from, start)}"${this.#text.slice(start, end)}"`;
      from = end;
      return part;
    });
    return parts.join('') + this.#text.slice(from);
  }

  /** @param key of the list in the outermost object; '' is the outermost value itself */
  #value(depth: number, key: string | undefined): void {
    if (depth > maxDepth) this.#fail(`nested more than ${maxDepth} levels deep`);
    const char = this.#text[this.#at];
    if (char === '{') this.#object(depth);
    else if (char === '[') this.#list(depth, key);
    else if (char === '"') this.#string();
    else this.#word();
  }

  #object(depth: number): void {
    this.#at += 1;
    this.#space();
    if (this.#take('}')) return;
    const keys = new Set<string>();
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#fail('expected a property name in double quotes');
      const raw = this.#string();
      const key = raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1);
      if (keys.has(key)) this.lossy = true;
      keys.add(key);
      this.#space();
      if (!this.#take(':')) this.#fail('expected a colon after the property name');
      this.#space();
      this.#value(depth + 1, depth === 0 ? key : undefined);
      this.#space();
      if (this.#take('}')) return;
      if (!this.#take(',')) this.#fail('expected a comma or }');
      this.#space();
    }
  }

  #list(depth: number, key: string | undefined): void {
    this.#at += 1;
    const spans: Span[] = [];
    if (key !== undefined) this.elements.set(key, spans);
    this.#space();
    if (this.#take(']')) return;
    for (;;) {
      const start = this.#at;
      this.#value(depth + 1, undefined);
      if (key !== undefined) spans.push([start, this.#at]);
      this.#space();
      if (this.#take(']')) return;
      if (!this.#take(',')) this.#fail('expected a comma or ]');
      this.#space();
    }
  }

  #string(): string {
    const start = this.#at;
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x22) return this.#text.slice(start, ++this.#at);
      if (code < 0x20) this.#fail('a line end or control character inside a string');
      if (code === 0x5c) this.#escape();
    }
    throw new Broken('the text ends inside a string', this.#text.length);
  }

  #escape(): void {
    const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
    escape.lastIndex = this.#at;
    if (!escape.test(this.#text)) this.#fail('an escape that JSON does not have');
    this.#at = escape.lastIndex - 1;
  }

  #word(): void {
    const word = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    word.lastIndex = this.#at;
    const [found] = word.exec(this.#text) ?? this.#fail('expected a value');
    const start = this.#at;
    this.#at += found.length;
    if (/^-?\d+$/.test(found) && !Number.isSafeInteger(Number(found)) && String(Number(found)) !== found)
      this.#rounded.push([start, this.#at]);
    const digits = found
      .replace(/[eE].*$/, '')
      .replace(/\D/g, '')
      .replace(/^0+/, '');
    if (digits.length > exactDigits || /[eE]/.test(found)) this.lossy ||= /\d/.test(found);
  }

  #space(): void {
    const space = /[ \t\n\r]*/y;
    space.lastIndex = this.#at;
    space.test(this.#text);
    this.#at = space.lastIndex;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #fail(expected: string): never {
    const rest = this.#text.slice(this.#at, this.#at + 2);
    if (rest === '') throw new Broken(`the text ends too early: ${expected}`, this.#at);
    const comment = rest === '//' || rest === '/*';
    throw new Broken(comment ? 'a comment, which JSON does not have' : expected, this.#at);
  }
}
