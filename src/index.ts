export { init, open, type Dreamos } from './library/library.ts';

export type { AgentInput } from './core/agents/agents.ts';
export type { Archived } from './core/keep/archive.ts';
export type { ConfigValue } from './core/root/config.ts';
export type { Job } from './core/take/consume.ts';
export type { Dead, Purged } from './core/keep/dlq.ts';
export type { DoctorOptions } from './core/keep/doctor.ts';
export type { Filter } from './core/look/filter.ts';
export type { Fired, FiredDue } from './core/schedules/fire-due.ts';
export type { Handled, Handler } from './core/work/handle.ts';
export type { ImportOptions, ImportResult } from './core/import/result.ts';
export type { Listed, ListOptions } from './core/look/list.ts';
export type { Heard, ListenOptions } from './core/follow/listen.ts';
export type { Maintained, MaintainOptions, PackOptions, PruneOptions } from './core/keep/maintain.ts';
export type { Peeked, PeekOptions } from './core/look/peek.ts';
export type { Outcome } from './core/work/outcome.ts';
export type { PublishDraft, PublishReceipt } from './core/topics/publish.ts';
export type { ReadOptions } from './core/take/read.ts';
export type { ReplyDraft, ReplyOptions, ReplyReceipt } from './core/send/reply.ts';
export type { RequestDraft, RequestOptions } from './core/send/request.ts';
export type { OpenOptions } from './core/open-root.ts';
export type { ListedSchedule, Schedule, ScheduleInput } from './core/schedules/schedules.ts';
export type { SearchOptions } from './core/look/search.ts';
export type { SendOptions, SendReceipt } from './core/send/draft.ts';
export type { NackHow } from './core/take/settle.ts';
export type { MailboxStatus } from './core/look/status.ts';
export type { SubscriptionChange } from './core/topics/subscriptions.ts';
export type { ThreadMessage } from './core/look/thread.ts';
export type { PrunedTopic, TopicStatus, TopicView } from './core/topics/topics.ts';
export type { Trace, TraceStep } from './core/look/trace.ts';
export type { UntilOptions } from './core/follow/until.ts';
export type { WatchOptions } from './core/follow/watch.ts';
export type { WorkOptions, WorkTotals } from './core/work/work.ts';

export type { AgentCard } from './model/agent.ts';
export type { Clock } from './model/clock.ts';
export type { Draft } from './model/draft.ts';
export { DreamosError, type ErrorCode, type ErrorKind } from './model/errors.ts';
export { eventKinds, type EventKind, type MailEvent, type WatchedEvent } from './model/event.ts';
export { knownTypes, priorities, type Message, type Priority } from './model/message.ts';
export type { Durability, Settings } from './model/settings.ts';
export { agentCardSchema, mailEventSchema, messageSchema, settingsSchema } from './library/schemas.ts';
export {
  states,
  type DeadReason,
  type Delivery,
  type Entry,
  type Finding,
  type Settled,
  type State,
} from './storage/port/store.ts';
