import { mostTags, typeCharacters } from '../../../model/basics/limits.ts';
import { isRecord, OldFields } from './fields.ts';
import type { OldMessage } from './message.ts';
import { parseOldTime } from './time.ts';
import { isFinishedStatus, priorityOf } from './words.ts';

const senders = [
  'from',
  'from_agent',
  'sender',
  'sender_agent_id',
  'sender_agent',
  'sender_id',
  'from_agent_id',
  'source_agent_id',
];
const lesserSenders = [
  'source_agent',
  'source_id',
  'author',
  'created_by',
  'injected_by',
  'assigned_by',
  'requesting_agent',
];
const whoSent = [...senders, ...lesserSenders, 'agent', 'agent_id'];
const recipients = [
  'to',
  'to_agent',
  'recipient',
  'recipient_agent_id',
  'recipient_agent',
  'recipient_id',
  'to_agent_id',
];
const lesserRecipients = [
  'recipients',
  'receiver',
  'target_agent',
  'assigned_agent',
  'assigned_to',
  'assignee',
  'owner',
];
const bodies = [
  'body',
  'content',
  'message',
  'text',
  'prompt',
  'instructions',
  'description',
  'summary',
  'details',
  'payload',
  'data',
];
const subjects = ['subject', 'title', 'name', 'topic'];
/** Better than no subject: what the message is about, or called. */
const lesserSubjects = ['task_id', 'prompt_id', 'action', 'event_type'];
const ids = ['message_id', 'id', 'event_id', 'task_id', 'prompt_id', 'msg_id'];
const types = ['message_type', 'type', 'event_type', 'msg_type', 'kind'];
const threads = ['thread_id', 'thread', 'conversation_id', 'correlation_id'];
const parents = ['in_reply_to', 'reply_to', 'reply_to_id', 'parent_id'];
const statuses = ['status', 'state', 'read_status', 'read', 'is_read', 'acked', 'processed'];
const sentTimes = [
  'timestamp_utc',
  'timestamp',
  'created_at',
  'timestamp_created_utc',
  'sent_at',
  'date',
  'datetime',
  'time',
];
const laterTimes = [
  'claimed_at',
  'injected_at',
  'timestamp_claimed_utc',
  'timestamp_completed_utc',
  'completed_at',
  'updated_at',
];
/** Where the words of a body that is an object are. */
const bodyTexts = ['text', 'summary', 'message', 'description', 'content', 'blocker_summary'];

/**
 * Reads one object of the older formats: Dream.OS messages (under many names for the same fields), tasks, claims, events
 * and prompts, and Agent Cellphone's messages.
 * @returns `undefined`: it is none of them. It takes words (a body or subject) and something that makes them a message
 *   (who, when, or an id), so that a settings file that happens to lie there is not taken for mail.
 */
export function readOldObject(original: Record<string, unknown>): OldMessage | undefined {
  const fields = new OldFields(original);
  const isClaim =
    fields.has('agent_id') && fields.has('claimed_by', 'claimed_at') && !fields.has('body', 'message', 'content');
  const words = fields.has(...bodies, ...subjects, ...lesserSubjects);
  const marks = fields.has(
    ...senders,
    ...lesserSenders,
    ...recipients,
    ...lesserRecipients,
    ...sentTimes,
    ...laterTimes,
    ...ids,
  );
  if (!isClaim && !(words && marks)) return undefined;

  const notes: string[] = [];
  const thread = filledIn(fields.text(...threads));
  const replyTo = filledIn(fields.text(...parents));
  return {
    format: formatOf(fields, isClaim),
    from: isClaim ? fields.text('claimed_by') : (fields.text(...whoSent) ?? fields.names(...whoSent)[0]),
    to: isClaim ? fields.names('agent_id') : fields.names(...recipients, ...lesserRecipients),
    subject: isClaim
      ? `Claim: ${fields.text('status') ?? 'taken'}`
      : (fields.text(...subjects) ?? fields.text(...lesserSubjects) ?? ''),
    body: bodyText(fields, isClaim),
    type: isClaim ? 'claim' : (fields.text(...types) ?? (fields.has('task_id') ? 'task' : 'message')),
    priority: readPriority(fields, notes),
    thread: thread ?? replyTo,
    replyTo,
    tags: readTags(fields),
    at: readTime(fields, notes),
    // A claim says who had something in hand; there is nothing to do about it.
    finished: isClaim || fields.all(...statuses).some(([, value]) => isFinishedStatus(value)),
    original,
    notes,
  };
}

function formatOf(fields: OldFields, isClaim: boolean): string {
  if (isClaim) return 'dreamos-claim';
  if (fields.has('max_retries', 'retries') && fields.has('message')) return 'agent-cellphone';
  if (fields.has('message_id')) return 'dreamos-message';
  if (fields.has('prompt_id')) return 'dreamos-prompt';
  if (fields.has('event_id')) return 'dreamos-event';
  return fields.has('task_id') ? 'dreamos-task' : 'dreamos-message';
}

// Words come over as they are. An object gives its words first and the rest of it below, as indented JSON.
function bodyText(fields: OldFields, isClaim: boolean): string {
  const body = isClaim ? undefined : fields.value(...bodies);
  if (body === undefined) return indented(fields.original);
  if (typeof body === 'string') return body;
  if (!isRecord(body)) return indented(body);
  const key = bodyTexts.find((name) => typeof body[name] === 'string' && body[name] !== '');
  if (key === undefined) return indented(body);
  const { [key]: text, ...rest } = body;
  return Object.keys(rest).length === 0 ? String(text) : `${String(text)}\n\n${indented(rest)}`;
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function readPriority(fields: OldFields, notes: string[]): OldMessage['priority'] {
  const value = fields.value('priority', 'urgency', 'importance');
  const priority = priorityOf(value);
  if (value !== undefined && priority === undefined)
    notes.push(`priority ${JSON.stringify(value)} is on no known scale, taken as normal`);
  return priority ?? 'normal';
}

function readTags(fields: OldFields): string[] {
  const value = fields.value('tags', 'tag', 'labels');
  const tags = (Array.isArray(value) ? value : [value]).filter(
    (tag) => typeof tag === 'string' && tag !== '' && tag.length <= typeCharacters,
  );
  return [...new Set(tags as string[])].slice(0, mostTags);
}

function readTime(fields: OldFields, notes: string[]): number | undefined {
  const found = fields.all(...sentTimes, ...laterTimes);
  for (const [name, value] of found) {
    const at = parseOldTime(value);
    if (at === undefined) continue;
    if (notes.some((note) => note.startsWith('time '))) notes.push(`its time is taken from ${name}`);
    return at;
  }
  const [name, value] = found[0] ?? [];
  notes.push(name === undefined ? 'no time in it' : `time ${name} ${JSON.stringify(value)} cannot be read`);
  return undefined;
}

// `{{uuid()}}`: a template that nobody filled in would put strangers into one thread.
function filledIn(text: string | undefined): string | null {
  return text === undefined || text.includes('{{') ? null : text;
}
