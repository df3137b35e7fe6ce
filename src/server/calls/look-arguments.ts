/** What a client may look up in the storage itself, and by what: its arguments come from anybody, and the storage relies on their types. */
import { agentNamePattern } from '../../model/agent.ts';
import { usage } from '../../model/refusals.ts';
import { states } from '../../model/state.ts';
import { topicOf, topicPattern } from '../../model/topic.ts';

type Check = (value: unknown) => boolean;

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isAgent: Check = (value) => isText(value) && agentNamePattern.test(value);
const isLog: Check = (value) => isText(value) && topicPattern.test(topicOf(value) ?? '');
const isAttempts: Check = (value) =>
  value instanceof Map && [...value].every(([id, attempt]) => isText(id) && isNumber(attempt));

function isOneOf(all: readonly unknown[]): Check {
  return (value) => all.includes(value);
}

function orNone(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** Those beside them are as they may be. */
function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(checks).every(([name, check]) => check((value as Readonly<Record<string, unknown>>)[name]));
}

const open: ReadonlySet<unknown> = new Set(['settings', 'policy', 'subscriptions', 'alerts', 'identity', 'in-force']);

/** An agent's, or a log's. */
const isMailbox: Check = (value) => isText(value) && (isLog(value) || isAgent(value));
/** Who there is and what is set; of mail, of tasks and of schedules nothing. */
const isOpen: Check = (value) =>
  open.has(value) || (isText(value) && value.startsWith(ofAgents) && isAgent(value.slice(ofAgents.length)));
const ofAgents = 'agents/';

const taken: Readonly<Record<string, readonly Check[]>> = {
  'documents.listAgents': [orNone(isText)],
  'documents.getAgent': [isText],
  'documents.get': [isOpen],
  'documents.locate': [isOpen, listOf((part) => isText(part) || isNumber(part))],
  'documents.lastGoodSettings': [],
  'documents.revisions': [isOpen],
  'documents.revision': [isOpen, isNumber],
  'look.list': [isMailbox, isOneOf(states), orNone(fields({ after: orNone(isText), until: orNone(isNumber) }))],
  'look.find': [isText, orNone(isMailbox)],
  'look.read': [fields({ key: isText, mailbox: isMailbox, id: isText, state: isOneOf(states) })],
  'look.listTopics': [],
  'journal.claims': [isMailbox, isAttempts],
  'journal.cursor': [
    orNone((of) => listOf(isMailbox)(of) || fields({ topics: listOf(isText) })(of)),
    isOneOf(['now', 'start']),
  ],
  'presence.get': [isMailbox],
  'reach.sessions': [],
};

/** @throws USAGE: the look takes no such arguments */
export function checkTaken(name: string, args: readonly unknown[]): void {
  const checks = taken[name] ?? [];
  if (checks.every((check, at) => check(args[at])) && args.slice(checks.length).every((one) => one === undefined))
    return;
  const [first] = args;
  const what =
    name.startsWith('documents.') && isText(first) ? `The document "${first}"` : `What "${name}" was asked for`;
  throw usage(`${what} is not looked up through a server.`, 'dreamos help server');
}
