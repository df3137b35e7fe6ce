export { init, open, restore } from './library/library.ts';
export { connect } from './library/remote/connect.ts';
export { exactData, exactDataOf } from './library/exact-data.ts';
export { cursorOf } from './core/root/cursor.ts';
export { metricsText, type MetricsFormat } from './core/metrics/exposition.ts';
export type { Dreamos } from './library/dreamos.ts';
export type { Alerts } from './library/alert-group.ts';
export type { Config } from './library/config-group.ts';
export type { AuditTrail } from './library/security/audit-group.ts';
export type { Agents, Archive, DeadLetters, Reservations, Resources, Schedules, Topics } from './library/groups.ts';
export type { Identities, Trust } from './library/security-group.ts';
export type { Policies } from './library/security/policy.ts';
export type { Tasks } from './library/task-group.ts';

export type {
  Archived,
  BackedUp,
  Dead,
  DeadShown,
  Exported,
  Finding,
  ImportResult,
  Maintained,
} from './contract/keep.ts';
export type {
  AgentResources,
  Found,
  Heard,
  HeldClaim,
  Listed,
  MailboxStatus,
  Overview,
  TraceStep,
} from './contract/look.ts';
export type { Stats, StatsRow } from './contract/numbers/stats.ts';
export type { Addressee, Peeked, PublishReceipt, SendReceipt } from './contract/mail.ts';
export type { MetricFamily, MetricSample } from './contract/numbers/metrics.ts';
export type { Reservation, ReservationCheck, Reserved } from './contract/reach.ts';
export type {
  A2aCard,
  Binding,
  ConfigDifference,
  ConfigValid,
  ConfigValue,
  ConfigVersion,
  ListedSchedule,
  Schedule,
  ShownSchedule,
  AgentDeleted,
  AgentRenamed,
  AgentPaused,
  SubscriptionChange,
  TopicStatus,
  TopicView,
} from './contract/system.ts';

export type {
  Identity,
  IdentityListed,
  IdentityMade,
  IdentityRevoked,
  TrustAccepted,
  Trusted,
  TrustRemoved,
} from './contract/security/identity.ts';
export type { AuditAnchor, Audited, AuditVerified } from './contract/security/audit.ts';
export type { AlertNow, AlertTested, AlertTold, Silenced } from './contract/numbers/alerts.ts';
export type { PolicyChecked, PolicyShown, PolicyTested } from './contract/security/policy.ts';
export type { Candidate, MadeTask, ShownTask, TaskJson, TaskTaken } from './contract/tasks.ts';

export type { CheckAlertsOptions, SilenceOptions, TestAlertOptions } from './core/alerts/alerts.ts';
export type { CommandEnd, RunCommand } from './core/alerts/tell.ts';
export type { A2aOptions } from './core/agents/a2a.ts';
export type { AgentInput, Registered } from './core/agents/agents.ts';
export type { CardFields } from './core/agents/card.ts';
export type { HeartbeatOptions } from './core/agents/heartbeat.ts';
export type { Duties } from './core/agents/duties.ts';
export type { ConfigChanges, ConfigRollbackOptions } from './core/config/change.ts';
export type { AuditPruneOptions } from './core/audit/keep.ts';
export type { AuditListOptions } from './core/audit/list.ts';
export type { AuditVerifyOptions } from './core/audit/verify.ts';
export type { ConfigHistoryOptions } from './core/config/history.ts';
export type { ConfigChangeOptions } from './core/config/rewrite.ts';
export type { ConfigShowOptions } from './core/config/show.ts';
export type { PolicyQuestion } from './core/policy/check.ts';
export type { PolicyHistoryOptions } from './core/policy/history.ts';
export type { PolicyChangeOptions } from './core/policy/put.ts';
export type { FollowOptions } from './core/follow/follow.ts';
export type { ListenOptions } from './core/follow/listen.ts';
export type { Step, UntilOptions } from './core/follow/until.ts';
export type { WatchOptions } from './core/follow/watch.ts';
export type { RevokeOptions } from './core/identity/identity.ts';
export type { AcceptOptions } from './core/identity/trust.ts';
export type { ImportOptions } from './core/import/result.ts';
export type { ArchiveListOptions, ArchiveSearchOptions, ExportOptions, ExportRange } from './core/keep/archive.ts';
export type { DeadListOptions, DeadOptions, Purged, PurgeOptions } from './core/keep/dlq.ts';
export type { AgentDeleteOptions } from './core/keep/delete-agent.ts';
export type { DeliverHow } from './core/keep/deliver.ts';
export type { DoctorOptions } from './core/keep/doctor.ts';
export type { MaintainOptions, PackOptions, PruneOptions } from './core/keep/maintain.ts';
export type { ScanOptions } from './core/look/every-message.ts';
export type { ListOptions } from './core/look/list.ts';
export type { PeekOptions } from './core/look/peek.ts';
export type { SearchOptions } from './core/look/search.ts';
export type { Shown, ShownEntry, ShowOptions } from './core/look/show.ts';
export type { ThreadMessage, ThreadOptions } from './core/look/thread.ts';
export type { Trace } from './core/look/trace.ts';
export type { StatsOptions } from './core/metrics/stats.ts';
export type { Grouping } from './model/metrics/numbers.ts';
export type { OverviewOptions } from './core/overview/overview.ts';
export type { InitOptions, OpenOptions, RestoreOptions } from './core/open-root.ts';
export type { ConnectOptions } from './core/remote/connect.ts';
export type { CheckOptions, ReleaseOptions, RenewOptions } from './core/reserve/held.ts';
export type { ReserveOptions } from './core/reserve/reserve.ts';
export type { Fired, FiredDue, FireOptions } from './core/schedules/fire-due.ts';
export type { ScheduleInput } from './core/schedules/schedules.ts';
export type { SendOptions } from './core/send/draft.ts';
export type { ReplyDraft, ReplyOptions, ReplyReceipt } from './core/send/reply.ts';
export type { RequestDraft, RequestOptions } from './core/send/request.ts';
export type { Job } from './core/take/consume.ts';
export type { ReadOptions } from './core/take/read.ts';
export type { AckHow, NackHow } from './core/take/settle.ts';
export type { TaskDraft } from './core/tasks/create.ts';
export type { TaskFilter } from './core/tasks/list.ts';
export type { BatchOptions, BatchTask } from './core/tasks/many/batch.ts';
export type { BeadsDependency, BeadsIssue } from './core/tasks/many/beads.ts';
export type { ExportBeadsOptions } from './core/tasks/many/export-beads.ts';
export type { ImportBeadsOptions } from './core/tasks/many/import-beads.ts';
export type { ProgressReport, TaskResult } from './core/tasks/moves.ts';
export type { NextOptions } from './core/tasks/next.ts';
export type { TableExportOptions } from './core/export/export.ts';
export type { ExportedPart } from './core/export/fill.ts';
export type { TableName } from './core/export/tables.ts';
export type { PublishDraft } from './core/topics/publish.ts';
export type { PrunedTopic, TopicPruneOptions, TopicShowOptions } from './core/topics/topics.ts';
export type { WaitOptions } from './core/wait/wait.ts';
export type { Handled, Handler } from './core/work/handle.ts';
export type { Outcome } from './core/work/outcome.ts';
export type { Settlement } from './core/work/settle-as.ts';
export type { StartInput } from './core/keep/start-agent.ts';
export type { WhoOptions } from './core/look/who.ts';
export type { AgentStatus, PresenceState } from './model/agent.ts';
export type { WorkOptions, WorkTotals } from './core/work/work.ts';

export type { AgentListed, AgentPresent, AgentStarted, PresenceJson, WhoIs } from './contract/reach.ts';
export type { AgentCard, AgentKind } from './model/agent.ts';
export type { Clock } from './model/clock.ts';
export type { Draft } from './model/draft.ts';
export { DreamosError, type ErrorCode, type ErrorKind } from './model/errors.ts';
export { eventKinds, type EventKind, type MailEvent, type WatchedEvent } from './model/event.ts';
export type { DeadFilter, Filter, LookFilter } from './model/filter.ts';
export { knownTypes, priorities, type Message, type Priority } from './model/message.ts';
export type { Action, Policy, PolicyTest, Role, Rules } from './model/security/policy.ts';
export type { Durability, SettingKey, Settings, SettingValue } from './model/settings.ts';
export { agentCardSchema, mailEventSchema, messageSchema, settingsSchema } from './library/schemas.ts';
export type { Signature } from './model/signed/signature.ts';
export { type Result, states, type State, taskStates, type TaskState } from './model/state.ts';
export type { TraceContext } from './model/trace/trace-context.ts';
export type { DeadReason, Entry } from './storage/port/look.ts';
export type { Delivery, Settled } from './storage/port/mail.ts';
export type { BackupOptions } from './storage/port/upkeep.ts';
