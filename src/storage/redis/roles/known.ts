/** What nearly every call asks for, and what seldom changes: cards, the settings, the policy (link/known.ts). */
import type { AgentCard } from '../../../model/agent.ts';
import type { Settings } from '../../../model/settings.ts';
import type { Versioned } from '../../port/documents.ts';
import type { Told } from '../link/known.ts';
import type { Link } from '../link/link.ts';
import { commandsCalled } from '../link/scripts.ts';
import { list, type Reply, text, texts, valueOf } from './entry.ts';

export interface Looks {
  /**
   * Looks whether the root is there, what time it is, and what is asked for first.
   * @returns whether it was made to promise less than `full` @throws ENGINE_LOST, Unreachable
   */
  begin(): Promise<{ readonly isRelaxed: boolean }>;
  document(name: 'settings' | 'policy'): Promise<Versioned | undefined>;
  lastGoodSettings(): Promise<Settings | undefined>;
  /** By its name, however that is cased. */
  card(name: string): Promise<AgentCard | undefined>;
  cards(): Promise<readonly AgentCard[]>;
}

export function looksOf(link: Link): Looks {
  const { known } = link;
  const documents = new Map<string, Versioned>();
  let everybody: { readonly epoch: string; readonly cards: readonly AgentCard[] } = { epoch: '', cards: [] };

  /** The same object as before, if it is of the same version. */
  const versioned = (name: string, version: string, json: string | undefined): Versioned | undefined => {
    const before = documents.get(name);
    if (before?.version === version && json === undefined) return before;
    const document = before?.version === version ? before : { version, value: valueOf(`the ${name}`, json ?? '') };
    documents.set(name, document);
    return document;
  };
  const keepDocument = (name: string, raw: Reply | undefined, told: Told): void => {
    const said = text(raw);
    const end = said.indexOf('\n');
    // Put by hand, it has a version only for who asks for it.
    if (said !== '' && end === -1) return;
    known.keep(name, said === '' ? undefined : versioned(name, said.slice(0, end), said.slice(end + 1)), told);
  };
  let isRelaxed = false;
  const checkAll = async (): Promise<string> => {
    const told = await link.tell('known', '-', ...commandsCalled);
    keepAll(told);
    const [lacking, durability, replicas, line] = list(told.reply).slice(4);
    isRelaxed = text(durability) === 'relaxed';
    link.needReplicas(text(replicas));
    link.countOn(text(line));
    return text(lacking);
  };
  const check = async (): Promise<void> => keepAll(await link.tell('known', known.changes ?? '-'));
  const keepAll = (told: Told): void => {
    const [settings, policy, epoch, jsons] = list(told.reply);
    if (settings === undefined) return;
    keepDocument('settings', settings, told);
    keepDocument('policy', policy, told);
    if (text(epoch) === '') return;
    everybody = { epoch: text(epoch), cards: cardsIn(jsons) };
    known.keep('cards', everybody.cards, told);
    for (const card of everybody.cards) known.keep(keyOf(card.name), card, told);
  };
  const look = <T>(what: string, ask: () => Promise<Told>, meant: (reply: unknown) => T): Promise<T> =>
    known.look(what, ask, meant, check);
  return {
    begin: async () => {
      await link.lookAtRights(checkAll);
      return { isRelaxed };
    },
    document: (name) =>
      look(
        name,
        () => link.tell('get', name, documents.get(name)?.version ?? ''),
        (reply) => {
          const [version, json] = texts(reply);
          return version === undefined ? undefined : versioned(name, version, json);
        },
      ),
    lastGoodSettings: () =>
      look(
        'good',
        () => link.tell('good'),
        (reply) => parsed('the last good settings', reply) as Settings | undefined,
      ),
    card: (name) =>
      look(
        keyOf(name),
        () => link.tell('card', name),
        (reply) => parsed(`the card of ${name}`, reply) as AgentCard | undefined,
      ),
    cards: () =>
      look(
        'cards',
        () => link.tell('cards', everybody.epoch),
        (reply) => {
          const [epoch, jsons] = list(reply);
          if (jsons !== undefined) everybody = { epoch: text(epoch), cards: cardsIn(jsons) };
          return everybody.cards;
        },
      ),
  };
}

const keyOf = (name: string): string => `card ${name.toLowerCase()}`;
const cardsIn = (jsons: Reply | undefined): AgentCard[] =>
  texts(jsons).map((json) => valueOf('a card', json) as AgentCard);

function parsed(what: string, reply: unknown): unknown {
  const json = String(reply);
  return json === '' ? undefined : valueOf(what, json);
}
