/**
 * An object whose fields are found under any of the many names that the older formats have for them. `senderAgentId`,
 * `sender_agent_id` and `SENDER-AGENT-ID` are the same name. In each list the first name that holds something wins.
 */
export class OldFields {
  readonly original: Readonly<Record<string, unknown>>;
  readonly #values = new Map<string, [written: string, value: unknown]>();

  constructor(original: Readonly<Record<string, unknown>>) {
    this.original = original;
    for (const [key, value] of Object.entries(original)) {
      if (value === null || value === undefined || value === '') continue;
      const name = key.toLowerCase().replace(/[-_]/g, '');
      if (!this.#values.has(name)) this.#values.set(name, [key, value]);
    }
  }

  has(...names: string[]): boolean {
    return names.some((name) => this.#values.has(name.replaceAll('_', '')));
  }

  value(...names: string[]): unknown {
    return this.all(...names)[0]?.[1];
  }

  /** Everything that is there, with its name as written. */
  all(...names: string[]): (readonly [written: string, value: unknown])[] {
    return names.flatMap((name) => {
      const found = this.#values.get(name.replaceAll('_', ''));
      return found ? [found] : [];
    });
  }

  /** The first that is a text (or a number, for ids), without white space around it. */
  text(...names: string[]): string | undefined {
    for (const [, value] of this.all(...names)) {
      if (typeof value === 'string' && value.trim() !== '') return value.trim();
      if (typeof value === 'number') return String(value);
    }
    return undefined;
  }

  /** The first that names somebody: a text, an object with a name or id, or a list of these; `a, b` is a list too. */
  names(...names: string[]): string[] {
    for (const [, value] of this.all(...names)) {
      const found = (Array.isArray(value) ? value : [value]).flatMap(nameIn);
      if (found.length > 0) return found;
    }
    return [];
  }
}

function nameIn(value: unknown): string[] {
  if (typeof value === 'string') {
    return value
      .split(/[,;]/)
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  if (!isRecord(value)) return [];
  const name = value['name'] ?? value['agent_id'] ?? value['id'];
  return typeof name === 'string' && name.trim() !== '' ? [name.trim()] : [];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
