/** Every shape by the name that `dreamos schema` knows it by. All are made here, so only who asks for one loads this. */
import type * as z from 'zod/mini';
import { agentCardSchema } from '../model/agent.ts';
import { mailEventSchema } from '../model/event.ts';
import { messageSchema } from '../model/message.ts';
import { settingsSchema } from '../model/settings.ts';
import { draftSchema, handedInSchema } from './draft.ts';
import * as keep from './keep.ts';
import * as look from './look.ts';
import * as mail from './mail.ts';
import { stats } from './numbers/stats.ts';
import { metricFamily } from './numbers/metrics.ts';
import * as reach from './reach.ts';
import * as identities from './security/identity.ts';
import * as audit from './security/audit.ts';
import { asJsonSchema } from './shape.ts';
import * as system from './system.ts';
import * as alerts from './numbers/alerts.ts';
import * as policy from './security/policy.ts';
import * as serving from './security/serving.ts';
import * as tasks from './tasks.ts';

const made = {
  message: messageSchema(),
  drop: handedInSchema(),
  draft: draftSchema(),
  event: mailEventSchema(),
  agent: agentCardSchema(),
  settings: settingsSchema(),
  send: mail.sent(),
  reply: mail.replied(),
  until: mail.awaited(),
  route: mail.addressee(),
  publish: mail.published(),
  subscription: system.subscriptionChange(),
  listen: look.heard(),
  topic: system.topicStatus(),
  'topics-show': system.topicView(),
  prune: system.topicPruned(),
  read: mail.delivery(),
  peek: mail.peeked(),
  work: mail.handled(),
  request: mail.answered(),
  settled: mail.settled(),
  list: look.listed(),
  entry: look.entry(),
  show: look.shown(),
  trace: look.traceStep(),
  search: look.found(),
  watch: look.watched(),
  status: look.mailboxStatus(),
  top: look.overview(),
  stats: stats(),
  resources: look.agentResources(),
  metrics: metricFamily(),
  alert: alerts.alertNow(),
  'alert-test': alerts.alertTested(),
  'alert-silence': alerts.silence(),
  'alert-told': alerts.alertTold(),
  task: tasks.task(),
  'task-made': tasks.madeTask(),
  'beads-issue': tasks.beadsIssue(),
  'task-show': tasks.shownTask(),
  'task-next': tasks.taskTaken(),
  'task-candidate': tasks.candidate(),
  coordinate: tasks.coordinated(),
  dlq: keep.dead(),
  'dlq-show': keep.deadShown(),
  'dlq-purge': keep.purged(),
  archive: keep.archived(),
  schedule: system.schedule(),
  'schedule-list': system.scheduleListed(),
  'schedule-show': system.scheduleShown(),
  reserve: reach.reserved(),
  reservation: reach.reservation(),
  'reservation-check': reach.reservationCheck(),
  maintain: keep.maintained(),
  import: keep.imported(),
  backup: keep.backedUp(),
  export: keep.exported(),
  restore: keep.restored(),
  dump: keep.dumped(),
  load: keep.loaded(),
  move: keep.moved(),
  init: system.initialised(),
  'agent-list': reach.agentListed(),
  'agent-start': reach.agentStarted(),
  'agent-heartbeat': reach.agentPresent(),
  who: reach.whoIs(),
  'agent-register': system.agentRegistered(),
  pause: system.agentPaused(),
  'agent-delete': system.agentDeleted(),
  'agent-rename': system.agentRenamed(),
  'agent-show': system.agentShown(),
  a2a: system.a2aCard(),
  'hook-bind': reach.hookBound(),
  wake: reach.woken(),
  bridge: reach.bridgeTold(),
  config: system.configValue(),
  'config-version': system.configVersion(),
  'config-difference': system.configDifference(),
  policy: policy.policyShown(),
  'policy-check': policy.policyChecked(),
  'policy-test': policy.policyTested(),
  token: serving.token(),
  'token-made': serving.tokenMade(),
  serve: serving.serving(),
  'serve-stop': serving.serveStopped(),
  dashboard: serving.dashboard(),
  'config-valid': system.configValid(),
  identity: identities.identity(),
  'identity-listed': identities.identityListed(),
  'identity-made': identities.identityMade(),
  'identity-revoked': identities.identityRevoked(),
  trust: identities.trusted(),
  'trust-accepted': identities.trustAccepted(),
  'trust-removed': identities.trustRemoved(),
  audit: audit.audited(),
  'audit-verify': audit.auditVerified(),
  'audit-anchor': audit.auditAnchor(),
  doctor: keep.finding(),
  setup: reach.setupChange(),
  'setup-check': reach.setupCheck(),
  explain: system.explained(),
  schema: system.schemaListed(),
  error: system.failure(),
} as const satisfies Record<string, z.core.$ZodType>;

export type SchemaName = keyof typeof made;

export const schemas: Readonly<Record<SchemaName, z.core.$ZodType>> = made;

export const schemaNames = Object.keys(made) as SchemaName[];

export function jsonSchemaOf(name: SchemaName): object {
  return asJsonSchema(schemas[name]);
}
