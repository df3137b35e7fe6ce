import { isRecord, OldFields } from './fields.ts';

/** What lies beside the mail of other tools, in shapes that have a name and a time as mail has. */
const shapes: readonly [what: string, is: (value: Record<string, unknown>) => boolean][] = [
  [
    "a team's settings",
    ({ members, name, leadAgentId }) => Array.isArray(members) && (text(name) || text(leadAgentId)),
  ],
  ["an agent's profile", ({ program, model }) => text(program) && text(model)],
  ['a reservation of files', ({ path_pattern: path }) => text(path)],
  ["a queue's settings", ({ agents, version }) => Array.isArray(agents) && version !== undefined],
  ['whether an agent is there', ({ handle, status }) => text(handle) && text(status)],
  ['a receipt', ({ msg_id: id, schema }) => text(id) && typeof schema === 'number'],
  ["a task of a team's list", ({ blocks, blockedBy, subject }) => text(subject) && lists(blocks, blockedBy)],
  ['an attachment', ({ sha1 }) => text(sha1)],
];

/** @returns what it is, when it is known and no mail: `an agent's profile` */
export function knownAsNoMail(value: unknown): string | undefined {
  if (!isRecord(value) || new OldFields(value).has('body', 'content', 'text', 'message')) return undefined;
  return shapes.find(([, is]) => is(value))?.[0];
}

function text(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function lists(...values: unknown[]): boolean {
  return values.every(Array.isArray);
}
