/**
 * What the native program (native/) does itself, an operation with the options that it takes there. All else it leaves to
 * Node, which is a start later: what waits for what comes, reads many messages at once, or is not known here.
 */
import type { SettingKey, Settings } from '../model/settings.ts';
import type { OperationName } from './operations.ts';

const filters = ['from', 'type', 'thread', 'tag', 'priority', 'id'];
const ofMessages = [
  ...['body', 'bodyFile', 'allowEmpty', 'subject', 'type', 'priority', 'thread', 'tag', 'data', 'dataFile', 'ttl'],
  ...['orderingKey', 'delay', 'at', 'replaceKey', 'notify', 'dedupeKey', 'durability'],
];

const table: Partial<Record<OperationName, readonly string[]>> = {
  send: [...ofMessages, 'from', 'to', 'replyTo', 'dryRun'],
  reply: [...ofMessages, 'ack', 'again', 'label'],
  read: [...filters, 'count', 'lease', 'ack', 'brief', 'label'],
  peek: [...filters, 'count'],
  ack: ['label'],
  nack: ['delay', 'reason', 'dead', 'label'],
  renew: ['lease', 'label'],
  list: [...filters, 'subject', 'olderThan', 'limit', 'reason', 'state'],
  show: ['mailbox', 'body'],
  status: [],
  hook: [],
};

/**
 * @param verb the words of the command
 * @param options by their names, as commander calls them: those without a value were not given
 */
export function isNative(verb: string, options: Readonly<Record<string, unknown>>): boolean {
  const taken = table[verb as OperationName];
  return (
    taken !== undefined && Object.keys(options).every((name) => options[name] === undefined || taken.includes(name))
  );
}

/** Settings that ask some verbs for what only Node can do, unless they are one of those here. */
const settingsHere: Partial<
  Record<SettingKey, { readonly are: readonly string[]; readonly of: readonly OperationName[] }>
> = {
  signatures: { are: ['off'], of: ['send', 'reply', 'read', 'peek', 'nack', 'list', 'show', 'status', 'hook'] },
  secrets: { are: ['off'], of: ['send', 'reply'] },
  audit: { are: ['off', 'admin'], of: ['send', 'reply', 'read', 'ack'] },
};

/** Whether it depends on settings that the native program does this verb itself. */
export function asksSettings(verb: string): boolean {
  return Object.values(settingsHere).some(({ of }) => (of as readonly string[]).includes(verb));
}

/** @returns the setting for which a verb is left to Node */
export function settingInNode(verb: string, settings: Settings): string | undefined {
  return Object.entries(settingsHere).find(([key, { are, of }]) => {
    const value = settings[key as SettingKey];
    return (
      value !== undefined && !(are as readonly unknown[]).includes(value) && (of as readonly string[]).includes(verb)
    );
  })?.[0];
}
