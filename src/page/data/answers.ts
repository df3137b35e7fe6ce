/** What is asked of the server, by the name of the operation: `GET /v1/dlq/list` is `dlq.list`. A view adds its rows. */
import type { Archived, Dead, DeadShown, Finding } from '../../contract/keep.ts';
import type { EntryJson, Found, Listed, MailboxStatus, Overview, ShownJson, TraceStep } from '../../contract/look.ts';
import type { DeliveryJson, Peeked, ReplyJson, SendReceipt, SettledJson } from '../../contract/mail.ts';
import type { AlertNow, Silenced } from '../../contract/numbers/alerts.ts';
import type { MetricFamily } from '../../contract/numbers/metrics.ts';
import type { Stats } from '../../contract/numbers/stats.ts';
import type { AgentListed, WhoIs } from '../../contract/reach.ts';
import type { Audited, AuditVerified } from '../../contract/security/audit.ts';
import type {
  AgentPaused,
  ConfigDifference,
  ConfigValue,
  ConfigVersion,
  ListedSchedule,
  Schedule,
  ShownSchedule,
  SubscriptionChange,
  TopicStatus,
  TopicView,
} from '../../contract/system.ts';
import type { Candidate, ShownTask, TaskJson, TaskTaken } from '../../contract/tasks.ts';
import type { AgentCard } from '../../model/agent.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** What continues it, as `after`; `null`: this was the last one. */
  readonly next: string | null;
}

export interface Looks {
  overview: Overview;
  status: Page<MailboxStatus>;
  list: Page<Listed>;
  search: Page<Found>;
  peek: Page<Peeked>;
  show: ShownJson;
  thread: Page<ShownJson>;
  trace: Page<TraceStep>;
  stats: Stats;
  metrics: Page<MetricFamily>;
  'archive.list': Page<Archived>;
  'archive.search': Page<Archived>;
  'dlq.list': Page<Dead>;
  'dlq.show': DeadShown;
  'config.show': Page<ConfigValue>;
  'config.history': Page<ConfigVersion>;
  'config.diff': Page<ConfigDifference>;
  'agent.list': Page<AgentListed>;
  'agent.show': AgentCard & { readonly subscriptions: readonly string[] };
  who: Page<WhoIs>;
  'tasks.list': Page<TaskJson>;
  'tasks.show': ShownTask;
  'tasks.explain': Page<Candidate>;
  'topics.list': Page<TopicStatus>;
  'topics.show': TopicView;
  'schedule.list': Page<ListedSchedule>;
  'schedule.show': ShownSchedule;
  doctor: Page<Finding>;
  'audit.list': Page<Audited>;
  'audit.verify': AuditVerified;
  'alerts.list': Page<AlertNow>;
}

export interface Acts {
  send: SendReceipt;
  reply: ReplyJson;
  read: DeliveryJson | undefined;
  ack: SettledJson;
  nack: SettledJson;
  renew: SettledJson;
  cancel: Page<EntryJson>;
  'dlq.retry': Page<EntryJson>;
  'dlq.purge': Page<unknown>;
  'config.set': ConfigValue;
  'config.unset': Page<ConfigValue>;
  'config.rollback': ConfigVersion;
  pause: AgentPaused;
  resume: AgentPaused;
  'agent.retire': AgentCard;
  'tasks.create': TaskJson;
  'tasks.assign': TaskJson;
  'tasks.accept': TaskTaken;
  'tasks.done': TaskJson;
  'tasks.fail': TaskJson;
  'tasks.cancel': TaskJson;
  'tasks.retry': TaskJson;
  publish: SendReceipt;
  subscribe: Page<SubscriptionChange>;
  unsubscribe: Page<SubscriptionChange>;
  'schedule.add': ListedSchedule;
  'schedule.remove': Schedule;
  doctor: Page<Finding>;
  'alerts.silence': Silenced;
}
