/**
 * What can be called of the core by its name: every operation but those that a table gives to others (contract/remote/), and a few
 * of their functions that only commands call. Each is loaded when it is called.
 */
import type { Named } from '../../core/root/operation.ts';
import type { Session } from '../../core/root/root.ts';

export type Called = (
  session: Session,
  // oxlint-disable-next-line typescript/no-explicit-any -- what an operation takes is its own
  ...args: any[]
) => Promise<unknown> | AsyncGenerator<unknown, unknown, undefined>;

type Load = () => Promise<Called & Named>;

function of<Room>(room: () => Promise<Room>, names: Readonly<Record<string, keyof Room>>): Record<string, Load> {
  const load = async (name: keyof Room) => (await room())[name] as Called & Named;
  return Object.fromEntries(Object.entries(names).map(([call, name]) => [call, () => load(name)]));
}

export const calls: Readonly<Record<string, Load>> = {
  ...of(() => import('../../core/agents/a2a.ts'), { 'agent.a2a': 'a2aCardOf' }),
  ...of(() => import('../../core/agents/agents.ts'), { 'agent.show': 'showAgent', 'agent.retire': 'retireAgent' }),
  ...of(() => import('../../core/agents/heartbeat.ts'), { 'agent.heartbeat': 'heartbeat' }),
  ...of(() => import('../../core/agents/pause.ts'), { pause: 'pauseAgent', resume: 'resumeAgent' }),
  ...of(() => import('../../core/alerts/alerts.ts'), {
    'alerts.list': 'listAlerts',
    'alerts.silence': 'silenceAlerts',
  }),
  ...of(() => import('../../core/audit/keep.ts'), { 'audit.anchor': 'anchorAudit', 'audit.prune': 'pruneAudit' }),
  ...of(() => import('../../core/audit/list.ts'), { 'audit.list': 'listAudit' }),
  ...of(() => import('../../core/audit/verify.ts'), { 'audit.verify': 'verifyAudit' }),
  ...of(() => import('../../core/config/change.ts'), {
    'config.change': 'changeConfig',
    'config.set': 'setConfig',
    'config.unset': 'unsetConfig',
    'config.rollback': 'rollbackConfig',
  }),
  ...of(() => import('../../core/config/history.ts'), {
    'config.history': 'configHistory',
    'config.diff': 'configDiff',
  }),
  ...of(() => import('../../core/config/show.ts'), { 'config.get': 'getConfig', 'config.show': 'showConfig' }),
  ...of(() => import('../../core/config/text.ts'), {
    editableConfig: 'editableConfig',
    'config.edit': 'replaceConfig',
    'config.validate': 'validateConfig',
  }),
  ...of(() => import('../../core/follow/listen.ts'), { listen: 'listen' }),
  ...of(() => import('../../core/follow/until.ts'), { until: 'until' }),
  ...of(() => import('../../core/follow/watch.ts'), { watch: 'watch' }),
  ...of(() => import('../../core/keep/archive.ts'), {
    'archive.list': 'listArchive',
    'archive.search': 'searchArchive',
    'archive.export': 'exportArchive',
    'archive.show': 'showArchived',
    'archive.restore': 'restoreArchive',
  }),
  ...of(() => import('../../core/keep/cancel.ts'), { cancel: 'cancel' }),
  ...of(() => import('../../core/keep/delete-agent.ts'), { 'agent.delete': 'deleteAgent' }),
  ...of(() => import('../../core/keep/deliver.ts'), { deliver: 'deliver' }),
  ...of(() => import('../../core/keep/dlq.ts'), {
    'dlq.list': 'listDead',
    glanceAt: 'glanceAt',
    'dlq.show': 'showDead',
    chooseDead: 'chooseDead',
    'dlq.retry': 'retryDead',
    'dlq.purge': 'purgeDead',
  }),
  ...of(() => import('../../core/keep/doctor.ts'), { doctor: 'doctor' }),
  ...of(() => import('../../core/keep/maintain.ts'), {
    'archive.pack': 'packArchive',
    'archive.prune': 'pruneArchive',
  }),
  ...of(() => import('../../core/keep/rename-agent.ts'), {
    'agent.rename': 'renameAgent',
    'agent.register': 'registerAnew',
  }),
  ...of(() => import('../../core/keep/start-agent.ts'), { 'agent.start': 'startAgent' }),
  ...of(() => import('../../core/look/find.ts'), { findSeen: 'findSeen' }),
  ...of(() => import('../../core/look/list.ts'), { list: 'list', countListed: 'countListed' }),
  ...of(() => import('../../core/look/peek.ts'), { peek: 'peek' }),
  ...of(() => import('../../core/look/search.ts'), { search: 'search' }),
  ...of(() => import('../../core/look/show.ts'), { show: 'show' }),
  ...of(() => import('../../core/look/status.ts'), { status: 'status' }),
  ...of(() => import('../../core/look/thread.ts'), { thread: 'thread' }),
  ...of(() => import('../../core/look/trace.ts'), { trace: 'trace' }),
  ...of(() => import('../../core/look/who.ts'), { who: 'who' }),
  ...of(() => import('../../core/metrics/metrics.ts'), { metrics: 'metrics' }),
  ...of(() => import('../../core/metrics/stats.ts'), { stats: 'stats' }),
  ...of(() => import('../../core/overview/overview.ts'), { overview: 'overview', followOverview: 'followOverview' }),
  ...of(() => import('../../core/policy/policy.ts'), {
    'policy.show': 'showPolicy',
    'policy.remove': 'removePolicy',
    'policy.set': 'setPolicy',
    'policy.check': 'checkPolicy',
    'policy.test': 'testPolicy',
  }),
  ...of(() => import('../../core/policy/history.ts'), {
    'policy.history': 'policyHistory',
    'policy.diff': 'policyDiff',
    'policy.rollback': 'rollbackPolicy',
  }),
  ...of(() => import('../../core/reach/listed.ts'), { 'agent.list': 'listWithSessions' }),
  ...of(() => import('../../core/reserve/held.ts'), {
    'reservations.check': 'checkReservations',
    'reservations.renew': 'renewReservations',
    'reservations.release': 'releaseReservations',
  }),
  ...of(() => import('../../core/reserve/reservations.ts'), { 'reservations.list': 'listReservations' }),
  ...of(() => import('../../core/reserve/reserve.ts'), { 'reservations.reserve': 'reserve' }),
  ...of(() => import('../../core/resources/resources.ts'), { 'resources.show': 'showResources' }),
  ...of(() => import('../../core/schedules/fire-due.ts'), { 'schedule.fire': 'fireDue' }),
  ...of(() => import('../../core/schedules/schedules.ts'), {
    'schedule.add': 'addSchedule',
    'schedule.remove': 'removeSchedule',
    'schedule.list': 'listSchedules',
    'schedule.show': 'showSchedule',
  }),
  ...of(() => import('../../core/send/reply.ts'), { reply: 'reply' }),
  ...of(() => import('../../core/send/request.ts'), { request: 'request', ask: 'ask' }),
  ...of(() => import('../../core/send/send.ts'), { send: 'send', preview: 'preview', sendAll: 'sendAll' }),
  ...of(() => import('../../core/take/read.ts'), { read: 'readNext' }),
  ...of(() => import('../../core/take/settle.ts'), { ack: 'ack', nack: 'nack', renew: 'renew' }),
  ...of(() => import('../../core/tasks/assign.ts'), { 'tasks.assign': 'assignTask', 'tasks.explain': 'explainTask' }),
  ...of(() => import('../../core/tasks/coordinate.ts'), { coordinate: 'coordinate' }),
  ...of(() => import('../../core/tasks/create.ts'), { 'tasks.create': 'createTask' }),
  ...of(() => import('../../core/tasks/list.ts'), {
    'tasks.list': 'listTasks',
    'tasks.show': 'showTask',
    blockersOf: 'blockersOf',
  }),
  ...of(() => import('../../core/tasks/many/batch.ts'), { 'tasks.createAll': 'createTasks' }),
  ...of(() => import('../../core/tasks/many/export-beads.ts'), { 'tasks.exportBeads': 'exportBeads' }),
  ...of(() => import('../../core/tasks/many/import-beads.ts'), { 'tasks.importBeads': 'importBeads' }),
  ...of(() => import('../../core/tasks/moves.ts'), {
    'tasks.done': 'doneTask',
    'tasks.fail': 'failTask',
    'tasks.progress': 'reportProgress',
    'tasks.cancel': 'cancelTask',
    'tasks.retry': 'retryTask',
  }),
  ...of(() => import('../../core/tasks/next.ts'), { 'tasks.next': 'nextTask', 'tasks.accept': 'acceptTask' }),
  ...of(() => import('../../core/tasks/view.ts'), { taskView: 'taskView' }),
  ...of(() => import('../../core/tasks/watch/watch.ts'), { 'tasks.watch': 'watchTasks' }),
  ...of(() => import('../../core/topics/publish.ts'), { publish: 'publish' }),
  ...of(() => import('../../core/topics/subscriptions.ts'), { subscribe: 'subscribe', unsubscribe: 'unsubscribe' }),
  ...of(() => import('../../core/topics/topics.ts'), {
    'topics.list': 'listTopics',
    'topics.show': 'showTopic',
    'topics.prune': 'pruneTopics',
  }),
};
