import type { AgentCard } from '../../../model/agent.ts';
import { areSettings, dedupeWindowOf } from '../../../model/settings.ts';
import type { DocumentName, Documents, RevisedName, Versioned } from '../../port/documents.ts';
import { ifRepeated } from '../link/link.ts';
import { withLock } from '../link/lock.ts';
import type { RedisContext } from './context.ts';
import { text, texts, valueOf } from './entry.ts';

/** Of documents of which there are many, so much JSON is known at a time: a bridge that runs for months writes one after the other. */
const mostListed = 16 * 1024 * 1024;

export function documentsOf(ctx: RedisContext): Documents {
  const { link, bell } = ctx;
  /** In the order in which they were read. */
  const known = new Map<DocumentName, Versioned & { readonly length: number }>();
  let listed = 0;
  const forget = (name: DocumentName): void => {
    listed -= known.get(name)?.length ?? 0;
    known.delete(name);
  };
  const get = async (name: DocumentName): Promise<Versioned | undefined> => {
    const before = known.get(name);
    const [version, json] = texts(await link.run('get', name, before?.version ?? ''));
    if (version !== undefined && json === undefined) return before;
    forget(name);
    if (version === undefined || json === undefined) return undefined;
    const found = { value: valueOf(name, json), version, length: name.includes('/') ? json.length : 0 };
    known.set(name, found);
    listed += found.length;
    for (const [first, { length }] of known) {
      if (listed <= mostListed) break;
      if (length > 0) forget(first);
    }
    return found;
  };
  return {
    listAgents: async (starting = '') =>
      structuredClone((await ctx.looks.cards()).filter(({ name }) => name.startsWith(starting))),
    getAgent: (name) => ctx.looks.card(name),
    get: (name) => (name === 'settings' || name === 'policy' ? ctx.looks.document(name) : get(name)),
    locate: async (name) => ({ document: `${name === 'settings' ? 'config' : name} of ${link.where}` }),
    put: async (name, value, version = '') => {
      const isGood = name === 'settings' && areSettings(value);
      const window = isGood ? String(dedupeWindowOf(value)) : '';
      const isPut = await link.runDurably('put', name, JSON.stringify(value), version, isGood ? '1' : '', window);
      return Number(isPut) === 1;
    },
    withdraw: async (name, version) => Number(await link.run('withdraw', name, version, ifRepeated)) === 1,
    text: async (name) => {
      const found = await ctx.looks.document(name);
      return found && { text: `${JSON.stringify(found.value, null, 2)}\n`, version: found.version };
    },
    lastGoodSettings: () => ctx.looks.lastGoodSettings(),
    revisions: async (of) =>
      texts(await link.run('revisions', of))
        .map(Number)
        .sort((a, b) => a - b),
    revision: async (of: RevisedName, number) => {
      const json = text((await link.run('revision', of, String(number))) as Buffer | null);
      return json === '' ? undefined : valueOf(`revision ${number} of ${of}`, json);
    },
    keepRevision: async (of, number, value) =>
      Number(await link.run('keepRevision', of, String(number), JSON.stringify(value))) === 1,
    list: async (of) => texts(await link.run('names', of)),
    remove: async (name) => {
      await link.run('drop', name);
      forget(name);
    },
    rename: async (from, to) => {
      const op = link.op();
      for (;;) {
        const [version = '', json] = texts(await link.run('get', `agents/${from}`, ''));
        const card = json === undefined ? undefined : (valueOf(`the card of ${from}`, json) as AgentCard);
        const renamed = JSON.stringify({ ...card, name: to });
        const answer = String(await link.runAs(op, 'rename', from, to, renamed, version));
        if (answer !== 'changed') return answer as 'renamed' | 'taken' | 'missing';
      }
    },
    watch: async (name, hint) => {
      const close = await bell.listen((what) => {
        if (what === undefined || what === `=${name}`) hint();
      });
      return { close: async () => close() };
    },
    withLock: (name, work) => withLock(link, name, work),
  };
}
