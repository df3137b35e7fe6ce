/**
 * What the arguments of a call have to be. Dreamos' own clients have checked that; a call comes from anybody, and the core relies on
 * it. What a draft, a card, settings and a policy have to be, the core says itself.
 */
import { usage } from '../../model/refusals.ts';

interface Kind {
  readonly what: string;
  is(value: unknown): boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string';
export const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

const kinds = {
  text: { what: 'a text', is: isText },
  number: { what: 'a number', is: (value: unknown) => typeof value === 'number' && !Number.isNaN(value) },
  yesOrNo: { what: 'true or false', is: (value: unknown) => typeof value === 'boolean' },
  texts: { what: 'a list of texts', is: areTexts },
  patterns: { what: 'a text or a list of texts', is: (value: unknown) => isText(value) || areTexts(value) },
  ids: { what: 'a list of ids, or "all"', is: (value: unknown) => value === 'all' || areTexts(value) },
  list: { what: 'a list', is: Array.isArray },
  fields: { what: 'an object', is: isFields },
  entry: { what: 'a message in a mailbox', is: isEntry },
  found: {
    what: 'a task as it was found',
    is: (value: unknown) => isFields(value) && isEntry(value['entry']) && isFields(value['message']),
  },
  any: { what: 'anything', is: () => true },
} as const satisfies Record<string, Kind>;

function isEntry(value: unknown): boolean {
  return isFields(value) && ['key', 'mailbox', 'id', 'state'].every((name) => isText(value[name]));
}

/** Options have one meaning, whatever they are of. */
const optionKinds: Readonly<Record<string, Kind>> = {
  ...of(kinds.number, 'count events forMs keepBytes leaseMs leastMs limit olderThanMs percent score waitMs windowMs'),
  ...of(kinds.yesOrNo, 'ack all archive dead dryRun fix free held literal mine origin shared unseal whole'),
  ...of(kinds.text, 'agent beforeDay binding cwd label mailbox note reason url'),
  ...of(kinds.fields, 'filter'),
};

function of(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

/** Of each call its arguments, in their order; `?`: it may be left out. `options` are an object, and of those that are known each fits. */
const taken: Readonly<Record<string, string>> = {
  ...{ 'agent.a2a': 'agent:text options', 'agent.show': 'name:text', 'agent.retire': 'name:text' },
  ...{ 'agent.heartbeat': 'agent:text options?', pause: 'name:text', resume: 'name:text' },
  ...{ 'alerts.list': '', 'alerts.silence': 'alert?:text options' },
  ...{ 'audit.anchor': '', 'audit.prune': 'options', 'audit.list': 'options?', 'audit.verify': 'options?' },
  ...{ 'config.change': 'changes:fields options?', 'config.set': 'key:text value:any options?' },
  ...{ 'config.unset': 'keys:texts options?', 'config.rollback': 'version:number options?' },
  ...{ 'config.history': 'options?', 'config.diff': 'from?:number to?:number options?' },
  ...{ 'config.get': 'key?:text', 'config.show': 'keys?:texts options?' },
  ...{ editableConfig: '', 'config.edit': 'text:text options', 'config.validate': 'text?:text name?:text' },
  ...{ listen: 'patterns:patterns options?', until: 'receiptOrId:text step:text options?', watch: 'options?' },
  ...{ 'archive.list': 'mailbox?:text options?', 'archive.search': 'text:text options?' },
  ...{ 'archive.export': 'mailbox?:text options?', 'archive.show': 'mailbox?:text id:text' },
  ...{ 'archive.restore': 'mailbox:text id:text', 'archive.pack': 'mailbox:text options?' },
  ...{ 'archive.prune': 'mailbox:text options', cancel: 'id:text', deliver: 'id:text options?' },
  ...{ 'agent.delete': 'agent:text options?', 'agent.rename': 'agent:text to:text' },
  ...{ 'agent.register': 'card:fields', 'agent.start': 'card:fields' },
  ...{ 'dlq.list': 'mailbox?:text options?', glanceAt: 'entry:entry', 'dlq.show': 'mailbox:text id:text' },
  ...{ chooseDead: 'verb:text mailbox?:text ids:ids options' },
  ...{ 'dlq.retry': 'mailbox?:text ids:ids options?', 'dlq.purge': 'mailbox?:text ids:ids options?' },
  ...{ doctor: 'options?', findSeen: 'id:text mailbox?:text', list: 'mailbox?:text options?' },
  ...{ countListed: 'mailbox?:text states:texts signal?:any', peek: 'mailbox:text options?' },
  ...{ search: 'text:text options?', show: 'id:text options?', status: 'names?:texts options?' },
  ...{ thread: 'id:text options?', trace: 'id:text', who: 'names?:texts options?', metrics: 'version?:text' },
  ...{ stats: 'names?:texts options?', overview: 'options?', followOverview: 'options' },
  ...{ 'policy.show': '', 'policy.remove': 'options?', 'policy.set': 'policy:any options? name?:text' },
  ...{ 'policy.check': 'verb:text options?', 'policy.test': 'policy:any name?:text', 'policy.history': 'options?' },
  ...{ 'policy.diff': 'from?:number to?:number', 'policy.rollback': 'version:number options?', 'agent.list': '' },
  ...{ 'reservations.check': 'paths:patterns options?', 'reservations.renew': 'paths?:patterns options?' },
  ...{ 'reservations.release': 'paths?:patterns options?', 'reservations.list': '' },
  ...{ 'reservations.reserve': 'paths:patterns options?', 'resources.show': 'agent?:text' },
  ...{ 'schedule.fire': 'options?', 'schedule.add': 'schedule:fields', 'schedule.remove': 'name:text' },
  ...{ 'schedule.list': '', 'schedule.show': 'name:text', reply: 'receiptOrId:text draft:fields options?' },
  ...{ request: 'draft:fields options?', ask: 'draft:fields options?', send: 'draft:fields options?' },
  ...{ preview: 'draft:fields', sendAll: 'drafts:list options?', read: 'mailbox:text options?' },
  ...{ ack: 'receiptOrId:text options?', nack: 'receiptOrId:text options?', renew: 'receiptOrId:text leaseMs?:number' },
  ...{ 'tasks.assign': 'id:text to?:text', 'tasks.explain': 'id:text', coordinate: 'options?' },
  ...{ 'tasks.create': 'draft:fields', 'tasks.list': 'options?', 'tasks.show': 'id:text', blockersOf: 'task:fields' },
  ...{ 'tasks.createAll': 'drafts:list options?', 'tasks.exportBeads': 'options?' },
  ...{
    'tasks.importBeads': 'issues:list options?',
    'tasks.done': 'id:text options?',
    'tasks.fail': 'id:text reason?:text',
  },
  ...{ 'tasks.progress': 'id:text options', 'tasks.cancel': 'id:text', 'tasks.retry': 'id:text' },
  ...{ 'tasks.next': 'options?', 'tasks.accept': 'id:text leaseMs?:number', taskView: 'task:found' },
  ...{ 'tasks.watch': 'id?:text options?', publish: 'topic:text draft:fields options?' },
  ...{ subscribe: 'patterns:patterns', unsubscribe: 'patterns:patterns', 'topics.list': '' },
  ...{ 'topics.show': 'topic:text options?', 'topics.prune': 'topics:patterns options?' },
};

/** @throws USAGE, with the name of the argument that does not fit */
export function checkArguments(call: string, args: readonly unknown[]): void {
  const known = Object.hasOwn(taken, call) ? taken[call] : undefined;
  // What is no call is told by who looks for it.
  if (known === undefined) return;
  const wanted = known.split(' ').filter(Boolean);
  for (const [at, one] of wanted.entries()) {
    const [named = '', kind = 'fields'] = one.split(':');
    const name = named.replace('?', '');
    if (args[at] === undefined && named !== name) continue;
    check(call, name, kinds[kind as keyof typeof kinds], args[at]);
    if (name === 'options')
      for (const [option, fits] of Object.entries(optionKinds)) {
        const value = Object.hasOwn(args[at] as object, option)
          ? (args[at] as Record<string, unknown>)[option]
          : undefined;
        if (value !== undefined) check(call, option, fits, value);
      }
  }
  if (args.slice(wanted.length).some((one) => one !== undefined))
    throw usage(`"${call}" takes no more than ${wanted.length} arguments.`, hint);
}

const hint = 'What others may call: /openapi.json';

function check(call: string, name: string, { what, is }: Kind, value: unknown): void {
  if (!is(value)) throw usage(`\`${name}\` of "${call}" has to be ${what}.`, hint);
}

/** For the tests: of each call its arguments. */
export function takenBy(call: string): string | undefined {
  return taken[call];
}
