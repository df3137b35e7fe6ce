/** What reaching agents in their tools prints with --json: sessions, files that are reserved, and what setup writes. */
import * as z from 'zod/mini';
import { type AgentCard, agentCardSchema, agentNamePattern, agentStatuses, presenceStates } from '../model/agent.ts';
import { type Known, schema } from '../model/schema.ts';
import { count, type Of, text, time } from './shape.ts';

/** A session of an agent's tool, and whose it is. */
export const hookBound = schema(() => z.object({ agent: text(), host: text(), session: text() }));
export type HookBound = Of<typeof hookBound>;

/** A session of an agent's tool that is there. */
const hostSession = schema(() =>
  z.object({ host: text(), session: text(), state: z.enum(['busy', 'idle']), since: time() }),
);
export type HostSessionJson = Of<typeof hostSession>;

/** Whether an agent is there, and what it has said of itself. */
const presence = schema(() =>
  z.object({
    /** `unseen`: it never said that it is there, and nothing else is known. */
    state: z.enum(presenceStates),
    /** Of the state. */
    since: z.exactOptional(time()),
    /** When it last said something, claimed or settled. */
    seenAt: z.exactOptional(time()),
    status: z.exactOptional(z.enum(agentStatuses)),
    note: z.exactOptional(text()),
    /** Its process, and whether that still runs, where it can be told from here. */
    pid: z.exactOptional(count()),
    running: z.exactOptional(z.boolean()),
    startedAt: z.exactOptional(time()),
    host: z.exactOptional(text()),
    label: z.exactOptional(text()),
  }),
);
export type PresenceJson = Of<typeof presence>;

/** An agent that has just said that it is there. */
export const agentPresent = schema(() => z.extend(presence(), { agent: text() }));
export type AgentPresent = Of<typeof agentPresent>;

/** An agent that has begun, and what waits for it. */
export const agentStarted = schema(() =>
  z.object({
    agent: text(),
    /** `false`: it was there, and was changed. */
    created: z.boolean(),
    presence: presence(),
    ready: count(),
    inflight: count(),
    delayed: count(),
    dead: count(),
  }),
);
export type AgentStarted = Of<typeof agentStarted>;

/** What an agent has on its hands. */
const atHand = schema(() =>
  z.object({
    /** What is claimed in its mailbox, what ends first in front; `heldBy` as far as the event log knows. */
    holds: z.array(
      z.object({
        id: text(),
        attempt: count(),
        heldBy: z.exactOptional(text()),
        heldLabel: z.exactOptional(text()),
        heldSince: z.exactOptional(time()),
        leaseUntil: time(),
        /** 0: it is over, and whoever reads next takes it back. */
        leftMs: count(),
      }),
    ),
    /** How many are ready, and how long ago the oldest of them was sent. */
    unread: count(),
    oldestUnreadAgeMs: z.nullable(count()),
    /** Of what ended in its mailbox in the last hour, the part that did not end with an ack; absent: nothing ended. */
    errorRate: z.exactOptional(z.number()),
  }),
);
export type AtHand = Of<typeof atHand>;

export const whoIs = schema(() =>
  z.object({
    agent: text(),
    kind: z.exactOptional(text()),
    presence: presence(),
    ...atHand().shape,
    sessions: z.exactOptional(z.array(hostSession())),
  }),
);
export type WhoIs = Of<typeof whoIs>;

export const agentListed = schema(() =>
  z.extend(agentCardSchema(), {
    presence: presence(),
    /** Absent: its mailbox cannot be looked into. */
    ...z.partial(atHand()).shape,
    /** Those of its tools that are there; absent: none is known. */
    sessions: z.exactOptional(z.array(hostSession())),
  }),
);
export type AgentListed = AgentCard & Partial<AtHand> & Pick<Of<typeof agentListed>, 'presence' | 'sessions'>;

/** As the document of the reservations has it, which keeps what it does not know. */
export const reservation = schema(() =>
  z.looseObject({
    /** A path or a pattern, relative to the folder that holds runtime/; one that lies elsewhere is whole. */
    path: text(),
    /** It stands in what hooks say, with the system's voice: a name, and nothing else. */
    agent: z.string().check(z.regex(agentNamePattern)),
    /** Others may have it, too, if theirs is shared as well. */
    shared: z.boolean(),
    /** Whether it was a file then, with nothing below it; not said of a pattern, and of what was not there. */
    file: z.exactOptional(z.boolean()),
    reason: z.exactOptional(text()),
    since: time(),
    until: time(),
    /** The larger one is the later one, of all that there ever were: what writes may refuse who comes with a smaller one. */
    token: count(),
  }),
);
export type Reservation = Known<z.infer<ReturnType<typeof reservation>>>;

export const reserved = schema(() =>
  z.extend(reservation(), {
    /** `false`: it was the agent's already, and lasts longer now. */
    created: z.boolean(),
  }),
);
export type Reserved = Known<z.infer<ReturnType<typeof reserved>>>;

export const reservationCheck = schema(() =>
  z.object({
    path: text(),
    /** `mine`: the acting agent has it, or a part of it, and nobody else has. */
    state: z.enum(['free', 'mine', 'held']),
    /** Those of others that keep it from the acting agent. */
    held: z.array(reservation()),
  }),
);
export type ReservationCheck = Of<typeof reservationCheck>;

/** What becomes of a file, or would with `dryRun`. */
export const setupChange = schema(() =>
  z.object({
    /** The tools that read it; of git's hook none. */
    hosts: z.array(text()),
    parts: z.array(z.enum(['hooks', 'mcp', 'skill', 'instructions', 'git'])),
    path: text(),
    /** `restored`: it is again what it was before the first `setup`, byte for byte. */
    change: z.enum(['made', 'changed', 'removed', 'restored', 'none', 'refused']),
    dryRun: z.boolean(),
    /** The file as it was before. */
    backup: z.exactOptional(text()),
    /** As a unified diff, with `dryRun`. */
    diff: z.exactOptional(text()),
    /** Of what was refused: why, and what a person may put in by hand. */
    why: z.exactOptional(text()),
    snippet: z.exactOptional(text()),
    /** What looks like ours and is not, and was left alone. */
    remarks: z.array(text()),
  }),
);
export type SetupChange = Of<typeof setupChange>;

/** Whether a part is there and can work. */
export const setupCheck = schema(() =>
  z.object({
    /** `null`: of all tools, or of git. */
    host: z.nullable(text()),
    part: z.enum(['hooks', 'mcp', 'skill', 'instructions', 'git', 'program', 'trust', 'alive']),
    /** `null`: it cannot be known from here. */
    ok: z.nullable(z.boolean()),
    message: text(),
    /** What to type, or to do, next. */
    hint: z.exactOptional(text()),
  }),
);
export type SetupCheck = Of<typeof setupCheck>;

/** An agent was rung for. */
export const woken = schema(() =>
  z.object({
    agent: text(),
    via: z.enum(['tmux', 'exec', 'notify', 'bell']),
    /** To which session its mail was announced by that. */
    host: text(),
    session: text(),
    unread: count(),
    urgent: count(),
    sentence: text(),
  }),
);
export type Woken = Of<typeof woken>;

/** What a bridge to another root does, as it happens. */
export const bridgeTold = schema(() =>
  z.object({
    /**
     * `up` and `down`: the way to the peer; `forwarded`: stored there and acked here; `refused` there, a dead letter here;
     * `given_back`: it is ready here again; `lost`: its lease was, and who has it now brings it; `received`: it came from there.
     */
    event: z.enum(['up', 'down', 'forwarded', 'refused', 'given_back', 'lost', 'received']),
    peer: text(),
    id: z.exactOptional(text()),
    mailbox: z.exactOptional(text()),
    /** It was there already. */
    again: z.exactOptional(z.literal(true)),
    /** Of an error; or LOOP, TOO_MANY_HOPS, NOT_CARRIED. */
    code: z.exactOptional(text()),
    reason: z.exactOptional(text()),
  }),
);
export type BridgeTold = Of<typeof bridgeTold>;
