/** What setting up prints with --json: agents, settings, topics, schedules; and errors. */
import * as z from 'zod/mini';
import { type AgentCard, agentCardSchema, agentNamePattern } from '../model/agent.ts';
import { priorities } from '../model/message.ts';
import { type Known, once, schema } from '../model/schema.ts';
import { count, message, type Of, settingKey, text, time } from './shape.ts';

export const initialised = schema(() =>
  z.object({
    root: text(),
    created: z.boolean(),
    agents: z.array(z.object({ name: text(), created: z.boolean() })),
    // Of one whose mail an engine keeps: what --root takes for it from everywhere.
    store: z.optional(text()),
  }),
);
export type InitialisedJson = Of<typeof initialised>;

/** Of `dreamos --version --json`. */
export interface VersionJson {
  readonly version: string;
  readonly runtime: 'node' | 'native';
  /** The version of Node, or of QuickJS. */
  readonly engine: string;
}

export const agentRegistered = schema(() => z.extend(agentCardSchema(), { created: z.boolean() }));

/** The card of an agent that was paused or resumed. */
export const agentPaused = schema(() =>
  z.extend(agentCardSchema(), {
    /** `false`: it was so already. */
    changed: z.boolean(),
  }),
);
export type AgentPaused = AgentCard & Pick<Of<typeof agentPaused>, 'changed'>;

/** The card of a deleted agent, and what has ended with it. */
export const agentDeleted = schema(() =>
  z.extend(agentCardSchema(), {
    /** How many unfinished messages were archived as cancelled. */
    archived: count(),
    /** Its patterns. */
    subscriptions: z.array(text()),
    /** Those that it sent, and those that went to it alone. */
    schedules: z.array(text()),
    /** The files that it had. */
    reservations: z.array(text()),
  }),
);
export type AgentDeleted = AgentCard &
  Pick<Of<typeof agentDeleted>, 'archived' | 'subscriptions' | 'schedules' | 'reservations'>;

/** The card of a renamed agent, and what has followed it. */
export const agentRenamed = schema(() =>
  z.extend(agentCardSchema(), {
    /** Its former name. */
    from: text(),
    /** `false`: it was called so already. */
    changed: z.boolean(),
    /** Its patterns that were written under the former name. */
    subscriptions: z.array(text()),
    /** Those that it sends, or that go to it, and named it by the former name. */
    schedules: z.array(text()),
    /** The files that it has. */
    reservations: z.array(text()),
  }),
);
export type AgentRenamed = AgentCard &
  Pick<Of<typeof agentRenamed>, 'from' | 'changed' | 'subscriptions' | 'schedules' | 'reservations'>;

/** An agent's card, and what it is subscribed to. */
export const agentShown = schema(() => z.extend(agentCardSchema(), { subscriptions: z.array(text()) }));

export type Binding = 'JSONRPC' | 'GRPC' | 'HTTP+JSON';
export const bindings = ['JSONRPC', 'GRPC', 'HTTP+JSON'] as const satisfies readonly Binding[];

/** An agent as others on the net may know it: the AgentCard of the A2A protocol, version 1.0. */
export const a2aCard = schema(() =>
  z.object({
    name: text(),
    description: text(),
    supportedInterfaces: z.array(z.object({ url: text(), protocolBinding: z.enum(bindings), protocolVersion: text() })),
    provider: z.exactOptional(z.object({ url: text(), organization: text() })),
    version: text(),
    documentationUrl: z.exactOptional(text()),
    /** Nothing is promised of streaming and the like. */
    capabilities: z.object({}),
    defaultInputModes: z.array(text()),
    defaultOutputModes: z.array(text()),
    skills: z.array(
      z.object({
        id: text(),
        name: text(),
        description: text(),
        tags: z.array(text()),
        examples: z.exactOptional(z.array(text())),
      }),
    ),
    iconUrl: z.exactOptional(text()),
  }),
);
export type A2aCard = Of<typeof a2aCard>;

const settingValue = once(() =>
  z.union([text(), z.number(), z.boolean(), z.array(z.unknown()), z.record(z.string(), z.unknown())]),
);

export const configValue = schema(() =>
  z.object({
    key: settingKey(),
    /** In most a text or a number; a list or an object, where the setting is one. */
    value: settingValue(),
    source: z.enum(['default', 'config', 'card', 'environment']),
    /** Where it is said: a file, or a variable of the environment. Only where that was asked for, as what comes behind it. */
    where: z.optional(text()),
    /** With which version of that file it came; absent where none is kept. After a change: the version that is in force now. */
    version: z.optional(count()),
    /** After a change: all was so already, and there is no new version. */
    unchanged: z.optional(z.literal(true)),
    at: z.optional(time()),
    /** `null`: who did not say who he is, or edited the file by hand. */
    by: z.optional(z.nullable(text())),
  }),
);
export type ConfigValue = Of<typeof configValue>;

/** `null`: it is not said. */
const difference = schema(() =>
  z.object({ key: text(), from: z.nullable(settingValue()), to: z.nullable(settingValue()) }),
);
/** Of settings, of a card, or of the policy, rule by rule (`roles.member.allow.send`). */
export const configDifference = difference;
export type ConfigDifference = Of<typeof configDifference>;

/** What is kept of one change of the settings, of an agent's card, or of the policy. */
export const configVersion = schema(() =>
  z.object({
    version: count(),
    /** Of one by hand, when it was found. */
    at: time(),
    by: z.nullable(text()),
    note: z.nullable(text()),
    byHand: z.boolean(),
    /** `undone`: it never was in force, because who made it was killed, or somebody else was faster. */
    state: z.enum(['in force', 'replaced', 'undone']),
    /** Of the policy: with it there is none. */
    removed: z.exactOptional(z.literal(true)),
    /** Against what was in force before. */
    changes: z.array(difference()),
  }),
);
export type ConfigVersion = Of<typeof configVersion>;

/** Settings that can be used as they are. */
export const configValid = schema(() =>
  z.object({
    file: text(),
    valid: z.literal(true),
    settings: count(),
    /** What has the name of no setting that this dreamos knows, and is kept. */
    unknown: z.exactOptional(z.array(text())),
  }),
);
export type ConfigValid = Of<typeof configValid>;

export const subscriptionChange = schema(() =>
  z.object({
    agent: text(),
    pattern: text(),
    subscribed: z.boolean(),
    /** `false`: it was so already. */
    changed: z.boolean(),
  }),
);
export type SubscriptionChange = Of<typeof subscriptionChange>;

export const topicStatus = schema(() =>
  z.object({
    topic: text(),
    /** How many its log holds. */
    messages: count(),
    /** Of the newest of them. */
    lastPublishedAt: z.nullable(time()),
    subscribers: z.array(z.object({ agent: text(), patterns: z.array(text()) })),
  }),
);
export type TopicStatus = Of<typeof topicStatus>;

export const topicView = schema(() =>
  z.extend(topicStatus(), {
    /** The newest first; `null`: it cannot be read. */
    recent: z.array(z.nullable(message())),
  }),
);
export type TopicView = Of<typeof topicView>;

export const topicPruned = schema(() =>
  z.object({ topic: text(), messages: count(), bytes: count(), dryRun: z.boolean() }),
);

/** As the document of the schedules has it, which keeps what it does not know. */
export const schedule = schema(() =>
  z.looseObject({
    name: text().check(z.regex(agentNamePattern)),
    cron: text(),
    /** An IANA time zone. */
    tz: text(),
    from: text(),
    message: z.looseObject({
      to: z.array(text()).check(z.minLength(1)),
      body: text(),
      subject: z.exactOptional(text()),
      type: z.exactOptional(text()),
      priority: z.exactOptional(z.enum(priorities)),
      thread: z.exactOptional(text()),
      tags: z.exactOptional(z.array(text())),
      data: z.optional(z.unknown()),
      /** The text of `data`, where its value does not say all of it; this is what is sent. */
      rawData: z.exactOptional(text()),
      ttlMs: z.exactOptional(z.number()),
      orderingKey: z.exactOptional(text()),
      replaceKey: z.exactOptional(text()),
      notify: z.exactOptional(z.boolean()),
      allowEmpty: z.exactOptional(z.boolean()),
    }),
    /** Tells it from another schedule that had the same name. */
    token: text(),
    createdAt: time(),
    /** The latest occurrence that was sent or skipped; those before it are over. */
    lastAt: z.nullable(time()),
    /** The message that was sent for it. */
    lastId: z.exactOptional(text()),
    /** Why it was not sent. */
    skipped: z.exactOptional(z.looseObject({ code: text(), reason: text() })),
  }),
);
export type Schedule = Known<z.infer<ReturnType<typeof schedule>>>;

/** A schedule, and when it comes next. */
export const scheduleListed = schema(() => z.extend(schedule(), { nextAt: z.nullable(time()) }));
export type ListedSchedule = Known<z.infer<ReturnType<typeof scheduleListed>>>;

export const scheduleShown = schema(() => z.extend(scheduleListed(), { upcoming: z.array(time()) }));
export type ShownSchedule = Known<z.infer<ReturnType<typeof scheduleShown>>>;

/** An error on stderr. */
export const failure = schema(() =>
  z.object({
    error: z.object({ code: text(), message: text(), hint: z.nullable(text()), line: z.exactOptional(count()) }),
  }),
);
export type FailureJson = Of<typeof failure>;

/** An error code, as `dreamos explain` tells it. */
export const explained = schema(() =>
  z.object({ code: text(), kind: text(), exitCode: count(), happened: text(), next: text() }),
);
export type ExplainedJson = Of<typeof explained>;

/** A line of `dreamos schema`. */
export const schemaListed = schema(() => z.object({ name: text(), describes: text() }));
