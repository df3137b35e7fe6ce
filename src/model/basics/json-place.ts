/**
 * Where in a text of JSON something is. JSON.parse tells it for some faults, in words that differ between the versions of
 * Node, and never for a field.
 */
export interface JsonPlace {
  /** From 1 on, as editors count. */
  readonly line: number;
  readonly column: number;
  /** What is no JSON there, or not to be taken; `undefined`: all of it is. */
  readonly fault?: string;
}

type Expected = keyof typeof words;
const words = {
  value: 'a value should stand here',
  item: 'a value or "]" should stand here',
  key: 'a field, in double quotes, should stand here',
  firstKey: 'a field, in double quotes, or "}" should stand here',
  colon: '":" should stand here',
  afterField: '"," or "}" should stand here',
  afterItem: '"," or "]" should stand here',
  end: 'nothing more should stand here',
};

const space = /[ \t\n\r]*/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/**
 * The first fault; of what is JSON where the field (or the item) at `path` begins, or the innermost around it that is there.
 * @param levels what is nested more deeply is a fault, too
 */
export function placeInJson(text: string, path: readonly PropertyKey[] = [], levels = Infinity): JsonPlace {
  // Not recursive: a hostile text may be deeper than the stack.
  const open: { readonly list: boolean; key: string | number }[] = [];
  let found = { at: 0, depth: -1 };
  let expected = 'value' as Expected;
  let at = 0;
  const meet = (begins: number): void => {
    const depth = open.length;
    if (depth >= found.depth && depth <= path.length && open.every(({ key }, i) => key === path[i]))
      found = { at: begins, depth };
  };
  const close = (): void => {
    open.pop();
    const around = open.at(-1);
    expected = around === undefined ? 'end' : around.list ? 'afterItem' : 'afterField';
  };
  for (;;) {
    at = endOf(space, text, at);
    const next = text[at];
    const around = open.at(-1);
    if (next === undefined && expected === 'end') return placeAt(text, found.at);
    if (next === (around?.list ? ']' : '}') && closable.has(expected)) {
      at++;
      close();
    } else if (expected === 'value' || expected === 'item') {
      if (around === undefined || around.list) meet(at);
      if (next === '{' || next === '[') {
        if (open.length >= levels)
          return { ...placeAt(text, at), fault: `it is nested too deeply (more than ${levels} levels)` };
        open.push({ list: next === '[', key: 0 });
        expected = next === '[' ? 'item' : 'firstKey';
        at++;
      } else {
        const end = next === '"' ? endOfText(text, at) : endOf(scalar, text, at);
        if (typeof end === 'object') return { ...placeAt(text, end.at), fault: end.fault };
        if (end === at) break;
        at = end;
        open.push({ list: false, key: 0 });
        close();
      }
    } else if (around && (expected === 'key' || expected === 'firstKey') && next === '"') {
      const end = endOfText(text, at);
      if (typeof end === 'object') return { ...placeAt(text, end.at), fault: end.fault };
      around.key = JSON.parse(text.slice(at, end)) as string;
      meet(at);
      at = end;
      expected = 'colon';
    } else if (expected === 'colon' && next === ':') {
      at++;
      expected = 'value';
    } else if (around && next === ',' && (expected === 'afterItem' || expected === 'afterField')) {
      at++;
      if (around.list) around.key = Number(around.key) + 1;
      expected = around.list ? 'value' : 'key';
    } else break;
  }
  return { ...placeAt(text, at), fault: words[expected] };
}

const closable = new Set<Expected>(['item', 'firstKey', 'afterItem', 'afterField']);

/** As people read it: `line 4, column 33`. */
export function placeText({ line, column }: JsonPlace): string {
  return `line ${line}, column ${column}`;
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Behind its closing quote. */
function endOfText(text: string, begins: number): number | { readonly at: number; readonly fault: string } {
  for (let at = begins + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return { at, fault: 'the text is not closed, or has a control character here' };
    if (code !== 0x5c) continue;
    if (/^(?:["\\/bfnrt]|u[\da-fA-F]{4})/.test(text.slice(at + 1, at + 6))) at++;
    else return { at, fault: 'there is no such escape in JSON' };
  }
  return { at: begins, fault: 'the text that begins here is not closed' };
}

/** Of a character of the text. */
export function placeAt(text: string, at: number): JsonPlace {
  const before = text.slice(0, at);
  let line = 1;
  for (let i = before.indexOf('\n'); i !== -1; i = before.indexOf('\n', i + 1)) line += 1;
  return { line, column: at - before.lastIndexOf('\n') };
}
