/**
 * Whether two patterns of paths may mean one file. As in a .gitignore: `*`, `?` and `[..]` within a name, `**` for any
 * number of names, and who has a folder has all below it; only what is a file has not, nor what is written like a kind of file,
 * `*.ts`: every `**\/*.ts` would meet every `**\/*.md`, in a folder `a.ts`. Where it is not certain that they have nothing in common, they
 * have: names that differ in case alone are one, two `[..]` always meet, and a name with `[..]` is also meant as it stands
 * (`app/[id]/page.ts` is a file).
 */

/** The names of a path: as they stand, or the ways in which one can be read. */
export type Pattern = readonly (Name | typeof anyNames)[];
type Name = string | readonly (readonly Character[])[];
type Character = One | typeof anyCharacters;
/** A character, or whether one fits. */
type One = string | ((character: string) => boolean);

const anyNames = Symbol('**');
const anyCharacters = Symbol('*');

/**
 * @param path as it is kept, see place.ts
 * @param isFile nothing is below it; `undefined`: nobody knows
 */
export function patternOf(path: string, isFile?: boolean): Pattern {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const pattern = names.map((name) => (name === '**' ? anyNames : nameOf(name)));
  return isFile || isKindOfFile(names.at(-1) ?? '') ? pattern : [...pattern, anyNames];
}

/** The same in this folder, whose own path is no pattern. */
export function below(folder: string, pattern: Pattern): Pattern {
  return [...folder.split('/').filter(Boolean).map(asItStands), ...pattern];
}

export function overlap(a: Pattern, b: Pattern): boolean {
  // Most paths part ways here, and a thousand against a thousand are a million.
  let same = 0;
  for (; typeof a[same] === 'string' && typeof b[same] === 'string'; same++) if (a[same] !== b[same]) return false;
  return meet<Name, typeof anyNames>(a.slice(same), b.slice(same), anyNames, areOneName);
}

function areOneName(one: Name, other: Name): boolean {
  if (typeof one === 'string' && typeof other === 'string') return one === other;
  return readings(one).some((first) => readings(other).some((second) => meet(first, second, anyCharacters, areOne)));
}

function readings(name: Name): readonly (readonly Character[])[] {
  return typeof name === 'string' ? [Array.from(name)] : name;
}

/** Whether something fits both, where a `run` is any number of items. */
function meet<Item, Run>(
  a: readonly (Item | Run)[],
  b: readonly (Item | Run)[],
  run: Run,
  areOneItem: (one: Item, other: Item) => boolean,
): boolean {
  const width = b.length + 1;
  // Each pair of places once: of several runs every combination would be tried.
  const failed = new Uint8Array((a.length + 1) * width);
  const from = (i: number, j: number): boolean => {
    if (i === a.length && j === b.length) return true;
    if (failed[i * width + j] === 1) return false;
    const [one, other] = [a[i], b[j]];
    // A run takes the other's item, or ends; which of both makes no difference.
    const found =
      one === run || other === run
        ? (i < a.length && from(i + 1, j)) || (j < b.length && from(i, j + 1))
        : i < a.length && j < b.length && areOneItem(one as Item, other as Item) && from(i + 1, j + 1);
    if (!found) failed[i * width + j] = 1;
    return found;
  };
  return from(0, 0);
}

function areOne(one: One, other: One): boolean {
  if (typeof one === 'string') return typeof other === 'string' ? one === other : other(one);
  return typeof other !== 'string' || one(other);
}

function isKindOfFile(name: string): boolean {
  const outside = name.replace(/\\.|\[[^\]]*\]/gsu, '');
  return outside !== '**' && /[*?]/.test(outside) && outside.includes('.');
}

function nameOf(text: string): Name {
  const read = charactersOf(text);
  const closed = text.replace(/(\\.)|\[/gsu, (_, escaped?: string) => escaped ?? '\\[');
  if (closed !== text) return [read, charactersOf(closed)];
  return read.every((one) => typeof one === 'string') ? read.join('') : [read];
}

function asItStands(name: string): string {
  return Array.from(name.normalize('NFC')).flatMap(folded).join('');
}

const pieces =
  /\\(?<escaped>.)|(?<run>\*+)|(?<any>\?)|\[(?<not>[!^]?)(?<set>\]?(?:\\.|\[:\w+:\]|[^\]\\])*)\]|(?<other>.)/gsu;

function charactersOf(text: string): Character[] {
  const read = [...text.normalize('NFC').matchAll(pieces)];
  return read.flatMap(({ groups: { escaped, run, any, set, not, other } = {} }): Character[] => {
    if (run !== undefined) return [anyCharacters];
    if (any !== undefined) return [() => true];
    return set === undefined ? folded(escaped ?? other ?? '') : [classOf(set, not !== '')];
  });
}

function classOf(set: string, isNot: boolean): One {
  // `[[:alpha:]]`, and what has cases of its own: what is in it depends on more than is known here.
  if (/\[:|[^ -~]/.test(set)) return () => true;
  const ranges = [...set.matchAll(/\\?(.)(?:-\\?(.))?/gsu)].map(([, from = '', to = from]) => [from, to] as const);
  const isIn = (character: string): boolean => ranges.some(([from, to]) => from <= character && character <= to);
  return (character) => [character, character.toUpperCase()].some((form) => isIn(form) !== isNot);
}

/** A Mac has one file under both cases of a name. Each character by itself: at the end of a word a sigma is another one. */
function folded(character: string): string[] {
  return Array.from(character.toLowerCase());
}
