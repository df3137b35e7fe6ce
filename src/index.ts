export { init, open, type Dreamos } from './library.ts';

export type { AgentInput } from './core/agents.ts';
export type { Archived } from './core/archive.ts';
export type { ConfigValue } from './core/config.ts';
export type { Job } from './core/consume.ts';
export type { Dead, Purged } from './core/dlq.ts';
export type { DoctorOptions } from './core/doctor.ts';
export type { Filter } from './core/filter.ts';
export type { Fired, FiredDue } from './core/fire-due.ts';
export type { Handled, Handler } from './core/handle.ts';
export type { ImportOptions, ImportResult } from './core/import.ts';
export type { Listed, ListOptions } from './core/list.ts';
export type { Heard, ListenOptions } from './core/listen.ts';
export type { Maintained, MaintainOptions, PackOptions, PruneOptions } from './core/maintain.ts';
export type { Peeked, PeekOptions } from './core/peek.ts';
export type { Outcome } from './core/outcome.ts';
export type { PublishDraft, PublishReceipt } from './core/publish.ts';
export type { ReadOptions } from './core/read.ts';
export type { ReplyDraft, ReplyOptions, ReplyReceipt } from './core/reply.ts';
export type { RequestDraft, RequestOptions } from './core/request.ts';
export type { OpenOptions } from './core/root.ts';
export type { ListedSchedule, Schedule, ScheduleInput } from './core/schedules.ts';
export type { SearchOptions } from './core/search.ts';
export type { Draft, SendOptions, SendReceipt } from './core/send.ts';
export type { NackHow } from './core/settle.ts';
export type { MailboxStatus } from './core/status.ts';
export type { SubscriptionChange } from './core/subscriptions.ts';
export type { ThreadMessage } from './core/thread.ts';
export type { PrunedTopic, TopicStatus, TopicView } from './core/topics.ts';
export type { Trace, TraceStep } from './core/trace.ts';
export type { UntilOptions } from './core/until.ts';
export type { WatchOptions } from './core/watch.ts';
export type { WorkOptions, WorkTotals } from './core/work.ts';

export type { AgentCard } from './model/agent.ts';
export type { Clock } from './model/clock.ts';
export { DreamosError, type ErrorCode, type ErrorKind } from './model/errors.ts';
export { eventKinds, type EventKind, type MailEvent, type WatchedEvent } from './model/event.ts';
export { knownTypes, priorities, type Message, type Priority } from './model/message.ts';
export type { Durability, Settings } from './model/settings.ts';
export { agentCardSchema, mailEventSchema, messageSchema, settingsSchema } from './library-schemas.ts';
export {
  states,
  type DeadReason,
  type Delivery,
  type Entry,
  type Finding,
  type Settled,
  type State,
} from './storage/store.ts';
