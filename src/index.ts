export { init, open, type Dreamos } from './library/library.ts';

export type { Archived, Dead, Finding, ImportResult, Maintained } from './contract/keep.ts';
export type { Heard, Listed, MailboxStatus, TraceStep } from './contract/look.ts';
export type { Peeked, PublishReceipt, SendReceipt } from './contract/mail.ts';
export type {
  ConfigValue,
  ListedSchedule,
  Schedule,
  SubscriptionChange,
  TopicStatus,
  TopicView,
} from './contract/system.ts';

export type { AgentInput } from './core/agents/agents.ts';
export type { Job } from './core/take/consume.ts';
export type { Purged } from './core/keep/dlq.ts';
export type { DoctorOptions } from './core/keep/doctor.ts';
export type { Filter } from './model/filter.ts';
export type { Fired, FiredDue } from './core/schedules/fire-due.ts';
export type { Handled, Handler } from './core/work/handle.ts';
export type { ImportOptions } from './core/import/result.ts';
export type { ListOptions } from './core/look/list.ts';
export type { ListenOptions } from './core/follow/listen.ts';
export type { MaintainOptions, PackOptions, PruneOptions } from './core/keep/maintain.ts';
export type { PeekOptions } from './core/look/peek.ts';
export type { Outcome } from './core/work/outcome.ts';
export type { PublishDraft } from './core/topics/publish.ts';
export type { ReadOptions } from './core/take/read.ts';
export type { ReplyDraft, ReplyOptions, ReplyReceipt } from './core/send/reply.ts';
export type { RequestDraft, RequestOptions } from './core/send/request.ts';
export type { OpenOptions } from './core/open-root.ts';
export type { ScheduleInput } from './core/schedules/schedules.ts';
export type { SearchOptions } from './core/look/search.ts';
export type { SendOptions } from './core/send/draft.ts';
export type { NackHow } from './core/take/settle.ts';
export type { ThreadMessage } from './core/look/thread.ts';
export type { PrunedTopic } from './core/topics/topics.ts';
export type { Trace } from './core/look/trace.ts';
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
export { states, type State } from './model/state.ts';
export type { DeadReason, Entry } from './storage/port/look.ts';
export type { Delivery, Settled } from './storage/port/mail.ts';
