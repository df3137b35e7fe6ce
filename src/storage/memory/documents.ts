import { areSettings } from '../../model/settings.ts';
import type { DocumentName, Documents, RevisedName } from '../port/documents.ts';
import type { Kept, Mail } from './mail.ts';
import { renameMailbox } from './rename.ts';

export function documentsOf(mail: Mail): Documents {
  return {
    listAgents: async (starting = '') =>
      structuredClone(
        [...mail.agents.values()].map(({ value }) => value).filter(({ name }) => name.startsWith(starting)),
      ),
    getAgent: async (name) => structuredClone(mail.agents.get(name.toLowerCase())?.value),
    get: async (name) => {
      const agent = agentOf(name);
      const known = agent === undefined ? mail.documents.get(name) : mail.agents.get(agent.toLowerCase());
      rememberIfGood(mail, name, known?.value);
      return known && { value: known.value, version: String(known.version) };
    },
    locate: async (name) => ({ document: `${name === 'settings' ? 'config' : name}.json` }),
    put: async (name, value, version) => {
      const agent = agentOf(name);
      const place: Map<string, Kept<unknown>> = agent === undefined ? mail.documents : mail.agents;
      const key = agent?.toLowerCase() ?? name;
      const known = place.get(key);
      if ((known && String(known.version)) !== version) return false;
      const copy = structuredClone(value);
      place.set(key, { value: copy, version: (known?.version ?? 0) + 1 });
      rememberIfGood(mail, name, copy);
      for (const listener of mail.documentListeners) listener(name);
      return true;
    },
    withdraw: async (name, version) => {
      const known = mail.documents.get(name);
      if (!known || String(known.version) !== version) return false;
      mail.documents.delete(name);
      for (const listener of mail.documentListeners) listener(name);
      return true;
    },
    text: async (name) => {
      const known = mail.documents.get(name);
      return known && { text: `${JSON.stringify(known.value, null, 2)}\n`, version: String(known.version) };
    },
    lastGoodSettings: async () => mail.goodSettings,
    revisions: async (of) => [...keptOf(mail, of).keys()].sort((a, b) => a - b),
    revision: async (of, number) => structuredClone(keptOf(mail, of).get(number)),
    keepRevision: async (of, number, value) => {
      const agent = agentOf(of);
      if (agent !== undefined && !mail.agents.has(agent.toLowerCase())) return false;
      const kept = keptOf(mail, of);
      if (kept.has(number)) return false;
      mail.revisions.set(keyOf(of), kept.set(number, structuredClone(value)));
      return true;
    },
    list: async (of) =>
      [...mail.documents.keys()].flatMap((name) => (name.startsWith(`${of}/`) ? name.slice(of.length + 1) : [])),
    remove: async (name) => void mail.documents.delete(name),
    rename: async (from, to) => renameMailbox(mail, from, to),
    watch: async (name, hint) => {
      const listener = (changedOne: DocumentName): void => void (changedOne === name && hint());
      mail.documentListeners.add(listener);
      return { close: async () => void mail.documentListeners.delete(listener) };
    },
    withLock: (name, work) => {
      const done = (mail.locks.get(name) ?? Promise.resolve()).then(() => work({ isHeld: () => true }));
      mail.locks.set(
        name,
        done.catch(() => undefined),
      );
      return done;
    },
  };
}

function rememberIfGood(mail: Mail, name: DocumentName, value: unknown): void {
  if (name === 'settings' && areSettings(value)) mail.goodSettings = value;
}

const keyOf = (of: RevisedName): string => agentOf(of)?.toLowerCase() ?? (of === 'settings' ? '' : `/${of}`);

function keptOf(mail: Mail, of: RevisedName): Map<number, object> {
  return mail.revisions.get(keyOf(of)) ?? new Map<number, object>();
}

/** `undefined`: not a card. */
function agentOf(name: DocumentName): string | undefined {
  return name.startsWith('agents/') ? name.slice('agents/'.length) : undefined;
}
