/** Who there is. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import { bindings } from '../../contract/system.ts';
import type { AgentListed } from '../../contract/reach.ts';
import { a2aCardOf } from '../../core/agents/a2a.ts';
import { type AgentInput, retireAgent, showAgent } from '../../core/agents/agents.ts';
import { cardVersion } from '../../core/agents/card-version.ts';
import { heartbeat as sayHow } from '../../core/agents/heartbeat.ts';
import { pauseAgent, resumeAgent } from '../../core/agents/pause.ts';
import { deleteAgent } from '../../core/keep/delete-agent.ts';
import { registerAnew, renameAgent } from '../../core/keep/rename-agent.ts';
import { startAgent } from '../../core/keep/start-agent.ts';
import { listWithSessions } from '../../core/reach/listed.ts';
import { loadSubscriptions } from '../../core/topics/subscriptions.ts';
import { type AgentCard, agentKinds, agentStatuses } from '../../model/agent.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { once } from '../../model/schema.ts';
import { agent, anyOf, count, flag, mailbox, mailboxOf, maybe, text } from '../route/fields.ts';
import { tagOf, versionIn } from '../route/match.ts';
import { route } from '../route/route.ts';

/** What is an agent's by its card; what each may be, the core says. */
const about = once(() => ({
  description: maybe(text()),
  card: maybe(
    z.record(z.string(), z.unknown()),
    'what else its card says, each field instead of what it was; null takes it out',
  ),
  groups: maybe(z.array(text())),
  settings: maybe(z.record(z.string(), z.unknown()), 'of its mailbox; null: those of the root hold again'),
  kind: maybe(z.nullable(anyOf(agentKinds))),
  capabilities: maybe(z.array(text())),
  maxTasks: maybe(z.nullable(count())),
  standbyFor: maybe(z.array(agent())),
  mailToStandby: maybe(flag()),
  at: maybe(z.nullable(agent()), 'the other root in which it lives'),
}));

/** `undefined` unsets a setting in the library, which JSON cannot say. */
function inputOf<I extends { readonly settings?: Readonly<Record<string, unknown>> }>(
  input: I & { readonly name: string },
): I & AgentInput {
  const { settings } = input;
  const said = Object.entries(settings ?? {}).map(([key, value]) => [key, value === null ? undefined : value]);
  // What of it cannot be used, the core says.
  return { ...input, ...(settings && { settings: Object.fromEntries(said) }) };
}

const name = once(() => agent());

const register = route({
  operation: 'agent.register',
  matches: 'agent.show',
  input: () => z.strictObject({ name: name(), ...about() }),
  isNew: ({ created }: { readonly created: boolean }) => created,
  run: async ({ session, ifMatch }, input) => {
    const ifVersion = versionIn(ifMatch);
    const said = { ...inputOf(input), ...given({ ifVersion }) };
    const { card, created } = await registerAnew(session, said);
    return { ...card, created };
  },
});

const start = route({
  operation: 'agent.start',
  input: () =>
    z.strictObject({
      name: mailbox("the agent's name; without it the acting agent's"),
      ...about(),
      note: maybe(text(), 'what it is at'),
      pid: maybe(count(), 'its process on this machine: when that has ended, the agent is gone at once'),
    }),
  isNew: ({ created }: { readonly created: boolean }) => created,
  run: (call, input) => startAgent(call.session, inputOf({ ...input, name: mailboxOf(call, input.name) })),
});

const heartbeat = route({
  operation: 'agent.heartbeat',
  input: () =>
    z.strictObject({
      agent: mailbox('who; without it the acting agent'),
      status: maybe(anyOf(agentStatuses)),
      note: maybe(text(), 'what it is at'),
      pid: maybe(count(), 'its process on this machine'),
    }),
  run: (call, { agent: who, ...said }) => sayHow(call.session, mailboxOf(call, who), said),
});

const list = route({
  operation: 'agent.list',
  pages: { by: (card: AgentListed) => card.name },
  input: () => z.strictObject({}),
  run: ({ session }) => listWithSessions(session),
});

const show = route({
  operation: 'agent.show',
  input: () => z.strictObject({ name: name() }),
  run: async ({ session }, input) => {
    const card = await showAgent(session, input.name);
    return { ...card, subscriptions: (await loadSubscriptions(session)).get(card.name) ?? [] };
  },
  // What it is subscribed to changes the answer, and is no matter of its card.
  tag: async (session, _, answer) => {
    const { subscriptions, ...card } = answer as AgentCard & { readonly subscriptions: readonly string[] };
    const version = await cardVersion(session, card);
    if (version === undefined) return undefined;
    return tagOf(subscriptions.length === 0 ? version : `${version}-${sha256(subscriptions.join(' ')).slice(0, 12)}`);
  },
});

const a2a = route({
  operation: 'agent.a2a',
  input: () => z.strictObject({ name: name(), url: text(), binding: maybe(anyOf(bindings)) }),
  run: ({ session }, { name: who, ...how }) => a2aCardOf(session, who, how),
});

const retire = route({
  operation: 'agent.retire',
  input: () => z.strictObject({ name: name() }),
  run: ({ session }, input) => retireAgent(session, input.name),
});

const rename = route({
  operation: 'agent.rename',
  input: () => z.strictObject({ name: name(), to: agent() }),
  run: ({ session }, input) => renameAgent(session, input.name, input.to),
});

const remove = route({
  operation: 'agent.delete',
  input: () => z.strictObject({ name: name(), archive: maybe(flag(), 'what is unfinished is archived as cancelled') }),
  run: ({ session }, { name: who, archive }) => deleteAgent(session, who, given({ archive })),
});

const pause = route({
  operation: 'pause',
  input: () => z.strictObject({ mailbox: mailbox() }),
  run: (call, input) => pauseAgent(call.session, mailboxOf(call, input.mailbox)),
});

const resume = route({
  operation: 'resume',
  input: () => z.strictObject({ mailbox: mailbox() }),
  run: (call, input) => resumeAgent(call.session, mailboxOf(call, input.mailbox)),
});

export const peopleRoutes = [register, start, heartbeat, list, show, a2a, retire, rename, remove, pause, resume];
