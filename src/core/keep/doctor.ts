import type { Finding } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import { logOf, parseTopicPattern } from '../../model/topic.ts';
import { timeInZone } from '../../model/basics/zoned-time.ts';
import type { RetryPolicy } from '../../model/settings.ts';
import type { AgentCard } from '../../model/agent.ts';
import { listMailboxes } from '../agents/agents.ts';
import { readBook } from '../alerts/book.ts';
import { writtenRules } from '../alerts/rules.ts';
import { unknownReceivers } from '../agents/receivers.ts';
import { stuckIn } from '../overview/stuck.ts';
import { type Crew, crewOnce } from '../tasks/crew.ts';
import { listReservations } from '../reserve/reservations.ts';
import { parseCron } from '../schedules/cron.ts';
import type { Session } from '../root/root.ts';
import { misspeltIn, readSettings } from '../root/config-file.ts';
import { diskTrouble } from '../root/trouble.ts';
import { doneUntil, isDoneAhead, loadSchedules } from '../schedules/schedules.ts';
import { type Effective, effectiveSettings } from '../root/settings.ts';
import { bringDueOrWarn } from '../wait/due.ts';
import { loadSubscriptions } from '../topics/subscriptions.ts';
import { eachOf } from '../root/operation.ts';
import { auditFindings } from '../audit/glance.ts';
import { nameFindings, policyFindings, secretFindings, signatureFindings, trustFindings } from './security-findings.ts';

export interface DoctorOptions {
  /** Repairs what is safe to repair. */
  readonly fix?: boolean;
  /** Called now and then with how many things were looked at. */
  readonly onProgress?: (looked: number) => void;
  /** Ends it early; what was repaired by then stays repaired. */
  readonly signal?: AbortSignal;
}

export const doctor = eachOf('doctor', doctorBody);

async function* doctorBody(session: Session, options: DoctorOptions = {}): AsyncGenerator<Finding, void, undefined> {
  const { fix = false, onProgress, signal } = options;
  // Which policy holds is not known; nothing is moved under a guessed one.
  if (yield* settingsFindings(session, fix)) return;
  const settings = await effectiveSettings(session);
  const policy = settings.ownPolicy;
  const policies = await policiesOf(session);
  const how = { fix, policies, policy, ...(onProgress && { onProgress }), ...(signal && { signal }) };
  const inspect = (): AsyncIterable<Finding> => session.store.upkeep?.inspect(how) ?? none();
  const unreadable = new Set<string>();
  for await (const finding of fix
    ? await session.store.documents.withLock('repair', () => gather(inspect()))
    : inspect()) {
    if (finding.rule === 'unreadable' && finding.mailbox !== undefined) unreadable.add(finding.mailbox);
    yield finding;
  }
  if (!signal?.aborted) {
    yield* scheduleFindings(session);
    yield* subscriptionFindings(session);
    yield* reservationFindings(session);
    yield* alertFindings(session);
    yield* securityFindings(session, settings, fix);
  }
  if (signal?.aborted) return;
  const crew = crewOnce(session);
  for (const card of await listMailboxes(session))
    if (!unreadable.has(card.name)) yield* orUnreadable(card.name, mailFindings(session, card, crew));
  for (const log of (await session.store.look.listTopics()).map(logOf)) {
    if (!unreadable.has(log)) yield* orUnreadable(log, corruptFindings(session, log));
  }
}

async function* none(): AsyncGenerator<Finding> {
  // The storage keeps house by itself.
}

async function policiesOf(session: Session): Promise<Map<string, RetryPolicy>> {
  const policies = new Map<string, RetryPolicy>();
  for (const card of await session.store.documents.listAgents())
    policies.set(card.name, (await effectiveSettings(session, card)).ownPolicy);
  return policies;
}

/** Publishing stops while it is not known who would have to get it; what was written in by hand may reach nobody. */
async function* subscriptionFindings(session: Session): AsyncGenerator<Finding, void, undefined> {
  const rule = 'subscriptions';
  try {
    for (const [agent, patterns] of await loadSubscriptions(session)) {
      const card = await session.store.documents.getAgent(agent);
      if (!card || card.deletedAt) {
        const message = `${agent} is subscribed to ${patterns.join(', ')}, but there is no such agent.`;
        yield { rule, level: 'warning', message, hint: `dreamos agent register ${agent}` };
      }
      for (const pattern of patterns.filter(isNoPattern)) {
        const message = `${agent} is subscribed to ${JSON.stringify(pattern)}, which is no pattern and matches nothing.`;
        yield { rule, level: 'problem', message, hint: 'Mend subscriptions.json by hand.' };
      }
    }
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    yield problemOf(rule, error);
  }
}

/** Nobody reserves a file while it is not known who has which; and whoever checks is told so. */
async function* reservationFindings(session: Session): AsyncGenerator<Finding, void, undefined> {
  const rule = 'reservations';
  try {
    for (const { agent, path, until } of await listReservations(session)) {
      const card = await session.store.documents.getAgent(agent);
      if (card && !card.deletedAt) continue;
      const message = `${agent} has ${path} until ${until}, but there is no such agent.`;
      yield { rule, level: 'warning', message, hint: `dreamos agent register ${agent}` };
    }
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    yield problemOf(rule, error);
  }
}

/** Nobody is told what a wrong rule is about, and nothing at all while what is known of alerts cannot be used. */
async function* alertFindings(session: Session): AsyncGenerator<Finding, void, undefined> {
  const rule = 'alerts';
  try {
    await readBook(session);
    const { rules = [], wrong = [] } = (await writtenRules(session)) ?? {};
    for (const { message, hint } of wrong) yield { rule, level: 'problem', message, hint };
    for (const { name, to } of await unknownReceivers(session, rules)) {
      const message = `The alert ${name} is to be told to ${to}, but there is no such agent.`;
      yield { rule, level: 'warning', message, hint: `dreamos agent register ${to}` };
    }
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    yield problemOf(rule, error);
  }
}

/** Of what is there for security. */
async function* securityFindings(
  session: Session,
  settings: Effective,
  fix: boolean,
): AsyncGenerator<Finding, void, undefined> {
  yield* orProblem('policy', policyFindings(session, fix));
  yield* orProblem('signatures', signatureFindings(session, settings));
  yield* orProblem('trust', trustFindings(session));
  yield* nameFindings(session);
  yield* orProblem('secrets', secretFindings(settings));
  yield* orProblem('audit', auditFindings(session));
}

async function* orProblem(
  rule: string,
  found: AsyncIterable<Finding>,
  said: (error: DreamosError) => Partial<Finding> = () => ({}),
): AsyncGenerator<Finding, void, undefined> {
  try {
    yield* found;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    yield { ...problemOf(rule, error), ...said(error) };
  }
}

/** Nor one in the form in which patterns are kept. */
function isNoPattern(text: string): boolean {
  try {
    return parseTopicPattern(text) !== text;
  } catch (error) {
    if (error instanceof DreamosError) return true;
    throw error;
  }
}

/** @returns whether there is no knowing them */
async function* settingsFindings(session: Session, fix: boolean): AsyncGenerator<Finding, boolean, undefined> {
  const rule = 'settings';
  try {
    // As it is now, not what was in force before.
    for (const message of await misspeltIn(session, await readSettings(session)))
      yield { rule, level: 'warning', message, hint: 'Mend it there.' };
    yield* handEditFinding(session, fix);
    await effectiveSettings(session);
    return false;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    const { documents } = session.store;
    const last = await (await import('../root/revisions.ts')).lastInForce(session, rule);
    const back = last === 0 ? '' : `; or back to version ${last}, which is in force: dreamos config rollback ${last}`;
    const problem = problemOf(rule, error);
    yield { ...problem, ...(problem.hint !== undefined && { hint: `${problem.hint}${back}` }) };
    return (await documents.lastGoodSettings()) === undefined;
  }
}

/** What is in force, and would be in no version if the next edit spoilt it. */
async function* handEditFinding(session: Session, fix: boolean): AsyncGenerator<Finding, void, undefined> {
  const last = await (await import('../root/revisions.ts')).lastInForce(session, 'settings');
  if (last === 0) return;
  const { keepHandEdit } = await import('../config/rewrite.ts');
  if ((await keepHandEdit(session, { dryRun: !fix })) === undefined) return;
  const message = `The settings were edited by hand since version ${last}, and are kept in no version${fix ? '' : ' yet'}.`;
  yield { rule: 'settings', level: 'info', message, fixed: fix, ...(!fix && { hint: 'dreamos maintain' }) };
}

async function* scheduleFindings(session: Session): AsyncGenerator<Finding, void, undefined> {
  try {
    for (const schedule of await loadSchedules(session)) {
      const { name, skipped, lastAt, tz } = schedule;
      try {
        await parseCron(schedule.cron, schedule.tz);
      } catch (error) {
        yield scheduleFinding(error, `The schedule ${name} sends nothing: `);
      }
      if (isDoneAhead(schedule, session.clock.now())) {
        const at = new Date(doneUntil(schedule)).toISOString();
        const message = `The schedule ${name} was last sent, or added, on ${at}: the clock was ahead. It goes on once somebody looks.`;
        yield { rule: 'clock-ahead', level: 'warning', message, hint: 'dreamos maintain' };
      }
      if (!skipped) continue;
      const message = `The schedule ${name} skipped its last time, ${lastAt === null ? '' : timeInZone(lastAt, tz)}: ${skipped.reason}`;
      yield { rule: 'schedule', level: 'warning', message, hint: `dreamos schedule show ${name}` };
    }
  } catch (error) {
    yield scheduleFinding(error, '');
  }
}

function scheduleFinding(error: unknown, before: string): Finding {
  if (!(error instanceof DreamosError)) throw error;
  return { ...problemOf('schedule', error), message: `${before}${error.message}` };
}

function problemOf(rule: string, { message, hint }: DreamosError): Finding {
  return { rule, level: 'problem', message, ...(hint !== undefined && { hint }) };
}

async function* mailFindings(
  session: Session,
  card: AgentCard,
  crew: () => Promise<Crew>,
): AsyncGenerator<Finding, void, undefined> {
  const mailbox = card.name;
  await bringDueOrWarn(session, mailbox, { bury: true });
  const counts = await session.store.look.counts(mailbox);
  yield* stuckIn(session, card, counts, crew);
  const { dead, corrupt } = counts;
  if (dead > 0) {
    const message = `${dead} ${dead === 1 ? 'message is' : 'messages are'} in the dead-letter queue.`;
    yield { rule: 'dead-letters', level: 'info', mailbox, message, hint: `dreamos dlq list ${mailbox}` };
  }
  yield* keptCorrupt(mailbox, corrupt);
}

async function* corruptFindings(session: Session, log: string): AsyncGenerator<Finding, void, undefined> {
  yield* keptCorrupt(log, (await session.store.look.counts(log)).corrupt);
}

async function* orUnreadable(mailbox: string, looked: AsyncIterable<Finding>): AsyncGenerator<Finding> {
  try {
    yield* looked;
  } catch (error) {
    yield { ...problemOf('unreadable', diskTrouble(error)), mailbox };
  }
}

function* keptCorrupt(mailbox: string, corrupt: number): Generator<Finding, void, undefined> {
  if (corrupt === 0) return;
  const message = `${corrupt} unreadable ${corrupt === 1 ? 'file is' : 'files are'} kept in corrupt/.`;
  yield { rule: 'corrupt-kept', level: 'info', mailbox, message, hint: 'Look at them and remove them by hand.' };
}

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
