/** Changing JSON where it stands: what is not touched keeps its bytes, and what comes in looks like its neighbours. */
import type { Node, ParseError } from 'jsonc-parser';

type Path = readonly (string | number)[];

/** Such a file, read once; each change makes a new text. */
export class JsonText {
  readonly text: string;
  readonly value: unknown;
  readonly #tree: Node;

  private constructor(text: string, tree: Node) {
    this.text = text;
    this.value = JSON.parse(text);
    this.#tree = tree;
  }

  /** @throws Error that says why it is no JSON to be changed */
  static async read(text: string): Promise<JsonText> {
    const json = await JsonText.#parsed(text);
    const twice = keyTwice(json.#tree);
    if (twice !== undefined) throw new Error(`it has the key ${JSON.stringify(twice)} twice in one object`);
    return json;
  }

  static async #parsed(text: string): Promise<JsonText> {
    if (text.startsWith('\uFEFF')) throw new Error('it begins with a byte order mark');
    const { parseTree } = await import('jsonc-parser');
    const errors: ParseError[] = [];
    const tree = parseTree(text, errors, { disallowComments: true });
    const [first] = errors;
    if (first || !tree)
      throw new Error(`it is not plain JSON (line ${text.slice(0, first?.offset).split('\n').length})`);
    return new JsonText(text, tree);
  }

  /** A member of an object, behind its others; an element of a list with `undefined`, which is made if it is not there. */
  async add(path: readonly string[], key: string | undefined, value: unknown): Promise<JsonText> {
    const [last = ''] = path.slice(-1);
    const node = this.#find(path);
    if (node) return JsonText.#parsed(inserted(this.text, this.#tree, node, key, value));
    return this.add(path.slice(0, -1), last, key === undefined ? [value] : { [key]: value });
  }

  async remove(path: Path): Promise<JsonText> {
    const node = this.#find(path);
    const child = node?.parent?.type === 'property' ? node.parent : node;
    const around = child?.parent?.children ?? [];
    const at = child ? around.indexOf(child) : -1;
    if (!child?.parent || at < 0) return this;
    const [before, after] = [around[at - 1], around[at + 1]];
    const [from, to] = before
      ? [endOf(before), endOf(child)]
      : after
        ? [child.offset, after.offset]
        : [child.parent.offset + 1, endOf(child.parent) - 1];
    return JsonText.#parsed(this.text.slice(0, from) + this.text.slice(to));
  }

  async replace(path: Path, value: unknown): Promise<JsonText> {
    const node = this.#find(path);
    if (!node) return this;
    return JsonText.#parsed(this.text.slice(0, node.offset) + JSON.stringify(value) + this.text.slice(endOf(node)));
  }

  #find(path: Path): Node | undefined {
    let node: Node | undefined = this.#tree;
    for (const step of path) {
      if (typeof step === 'number') node = node?.type === 'array' ? node.children?.[step] : undefined;
      else node = node?.type === 'object' ? memberOf(node, step) : undefined;
    }
    return node;
  }
}

function memberOf(node: Node, key: string): Node | undefined {
  return node.children?.find(({ children }) => children?.[0]?.value === key)?.children?.[1];
}

const endOf = ({ offset, length }: Node): number => offset + length;

function inserted(text: string, tree: Node, into: Node, key: string | undefined, value: unknown): string {
  const last = into.children?.at(-1);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const unit = indentBefore(text, tree.children?.[0]?.offset) || '  ';
  const own = last ? indentBefore(text, last.offset) : indentOf(text, into.offset) + unit;
  // What is in one line stays in one line.
  const isInLine = last ? own === undefined : (tree.children ?? []).length > 0 && !/\n/.test(text.trim());
  const name = key === undefined ? '' : `${JSON.stringify(key)}:`;
  if (isInLine) {
    const item = `${last ? ',' : ''}${name}${JSON.stringify(value)}`;
    const at = last ? endOf(last) : into.offset + 1;
    return text.slice(0, at) + item + text.slice(last ? at : endOf(into) - 1);
  }
  const lines = JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${own}`);
  const item = `${eol}${own}${name}${name && ' '}${lines}`;
  if (last) return `${text.slice(0, endOf(last))},${item}${text.slice(endOf(last))}`;
  return `${text.slice(0, into.offset + 1)}${item}${eol}${indentOf(text, into.offset)}${text.slice(endOf(into) - 1)}`;
}

/** The white space that alone stands before it in its line. */
function indentBefore(text: string, offset: number | undefined): string | undefined {
  if (offset === undefined) return undefined;
  const before = text.slice(0, offset);
  return before.includes('\n') ? /\n([ \t]*)$/.exec(before)?.[1] : undefined;
}

/** That at the beginning of its line, whatever comes between. */
function indentOf(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

function keyTwice(node: Node): string | undefined {
  const stack = [node];
  for (let one = stack.pop(); one; one = stack.pop()) {
    const children = one.children ?? [];
    stack.push(...children);
    if (one.type !== 'object') continue;
    const keys = new Set<string>();
    for (const { children: member } of children) {
      const key = String(member?.[0]?.value);
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
