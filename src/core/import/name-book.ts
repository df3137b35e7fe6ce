import { agentNamePattern } from '../../model/agent.ts';
import { isRecipient, lookalikes, unknownSender, validName } from './old/names.ts';

/** What becomes of each older name in one import, and which names came up. */
export class NameBook {
  readonly #maps: ReadonlyMap<string, string>;
  readonly #registered: ReadonlySet<string>;
  /** How often each name came up, as mailbox or sender. */
  readonly #seen = new Map<string, number>();
  /** By lower case: how a mailbox's name is really spelled. */
  readonly #spelled = new Map<string, string>();

  /** By name: the teams and projects that have an inbox of it. */
  readonly #communities = new Map<string, Set<string>>();

  constructor(maps: ReadonlyMap<string, string>, registered: readonly string[]) {
    this.#maps = maps;
    this.#registered = new Set(registered);
    for (const name of registered) this.#spelled.set(name.toLowerCase(), name);
  }

  /** A name after `--map`, made valid; `undefined`: nothing is left of it. */
  mapped(written: string): string | undefined {
    const name = validName(written);
    return this.#maps.get(written) ?? (name === undefined ? undefined : (this.#maps.get(name) ?? name));
  }

  /** The mailbox that an older one becomes. Names that differ only in case are one agent; the first spelling stays. */
  mailbox(oldName: string): string {
    this.#see(oldName);
    const name = this.mapped(oldName) ?? oldName;
    const spelled = this.#spelled.get(name.toLowerCase());
    if (spelled === undefined) this.#spelled.set(name.toLowerCase(), name);
    return spelled ?? name;
  }

  sender(from: string | undefined): { readonly name: string; readonly notes: readonly string[] } {
    if (from === undefined) return { name: unknownSender, notes: ['no sender in it'] };
    const name = this.mapped(from);
    if (name === undefined) return { name: unknownSender, notes: [`sender ${JSON.stringify(from)} is no name`] };
    this.#see(validName(from) ?? from);
    const asWritten = agentNamePattern.test(from) || this.#maps.has(from);
    return { name, notes: asWritten ? [] : [`sender ${JSON.stringify(from)} written as "${name}"`] };
  }

  /**
   * Valid older names of the mailboxes that are meant, each mailbox once, although it may be named in two ways.
   * @param to as written; templates and "all" name nobody
   */
  recipients(to: readonly string[]): { readonly names: readonly string[]; readonly notes: readonly string[] } {
    const byMailbox = new Map<string, string>();
    const notes: string[] = [];
    for (const written of to.filter(isRecipient)) {
      const name = validName(written);
      const mapped = this.mapped(written);
      if (name === undefined || mapped === undefined) notes.push(`recipient ${JSON.stringify(written)} is no name`);
      else {
        if (name !== written && !this.#maps.has(written))
          notes.push(`recipient ${JSON.stringify(written)} written as "${mapped}"`);
        // A map for the name as it is written must also hold for the name that it becomes.
        if (!byMailbox.has(mapped.toLowerCase()))
          byMailbox.set(mapped.toLowerCase(), this.#maps.has(written) ? written : name);
      }
    }
    return { names: [...byMailbox.values()], notes };
  }

  /** A team or project has an inbox under this name. */
  memberOf(name: string, community: string): void {
    const known = this.#communities.get(name) ?? new Set();
    this.#communities.set(name, known.add(community));
  }

  /** Agents of several teams that have one name, and so become one, a sentence each. */
  namesakes(): string[] {
    return [...this.#communities].flatMap(([name, known]) =>
      known.size < 2
        ? []
        : `"${name}" has an inbox in ${[...known].join(' and in ')}; here it is one mailbox. To keep them apart import each folder alone, with \`maps\` ${name}=<another name>`,
    );
  }

  lookalikes(): string[] {
    return lookalikes(this.#seen, new Set(this.#maps.keys()), this.#registered);
  }

  #see(name: string): void {
    this.#seen.set(name, (this.#seen.get(name) ?? 0) + 1);
  }
}
