/** Alerts, reservations, keys, the audit, and what an error means. */
import * as z from 'zod/mini';
import { exitCodes } from '../../cli/errors.ts';
import { given } from '../../cli/input/parse.ts';
import { errorCodes } from '../../contract/error-codes.ts';
import type { AlertNow } from '../../contract/numbers/alerts.ts';
import type { Reservation } from '../../contract/reach.ts';
import type { IdentityListed, Trusted } from '../../contract/security/identity.ts';
import type { ExplainedJson } from '../../contract/system.ts';
import { checkAlerts, listAlerts, silenceAlerts, testAlert } from '../../core/alerts/alerts.ts';
import { anchorAudit, pruneAudit } from '../../core/audit/keep.ts';
import { listAudit } from '../../core/audit/list.ts';
import { verifyAudit } from '../../core/audit/verify.ts';
import { showIdentity } from '../../core/identity/identity.ts';
import { listIdentities } from '../../core/identity/list.ts';
import { listTrust } from '../../core/identity/trust.ts';
import { checkReservations, releaseReservations, renewReservations } from '../../core/reserve/held.ts';
import { projectIn } from '../../core/reserve/place.ts';
import { listReservations } from '../../core/reserve/reservations.ts';
import { reserve as reserveFiles } from '../../core/reserve/reserve.ts';
import { hourMs } from '../../model/basics/limits.ts';
import { usage } from '../../model/refusals.ts';
import { once } from '../../model/schema.ts';
import {
  agent,
  anyOf,
  dryRun,
  flag,
  mailbox,
  mailboxOf,
  maybe,
  moment,
  msOf,
  oneOrMore,
  span,
  text,
  timeOf,
  waiting,
  waitOf,
} from '../route/fields.ts';
import { behind, type Call, route } from '../route/route.ts';

const mailboxPattern = 'only there: a name in which * stands for anything';

const alertsList = route({
  operation: 'alerts.list',
  pages: { by: ({ alert, mailbox: where = '' }: AlertNow) => `${alert} ${where}` },
  input: () => z.strictObject({}),
  run: ({ session }) => listAlerts(session),
});

/** The commands of rules are left to who may run one here: the server runs nobody's. */
const alertsCheck = route({
  operation: 'alerts.check',
  input: () => z.strictObject({}),
  run: ({ session, signal }) => checkAlerts(session, { signal }),
});

const alertsTest = route({
  operation: 'alerts.test',
  input: () =>
    z.strictObject({ name: text(), mailbox: mailbox('in this one'), act: maybe(flag(), 'sends its message') }),
  run: ({ session, signal }, { name, mailbox: where, act }) =>
    testAlert(session, name, { ...given({ mailbox: where, act }), signal }),
});

const alertsSilence = route({
  operation: 'alerts.silence',
  input: () =>
    z.strictObject({
      name: maybe(text(), 'without it all'),
      ...span('for', 'from now on; 2h if not given, 0: no longer'),
      mailbox: maybe(text(), mailboxPattern),
    }),
  run: ({ session }, input) =>
    silenceAlerts(session, input.name, {
      forMs: msOf(input, 'for') ?? 2 * hourMs,
      ...given({ mailbox: input.mailbox }),
    }),
});

const cwd = once(() => maybe(text(), 'where relative paths begin; the folder that holds runtime/ if not given'));
const paths = once(() => oneOrMore(text()));

function from({ session }: Call, said: string | undefined): { cwd: string | undefined } {
  return { cwd: said ?? projectIn(session) };
}

const reserve = route({
  operation: 'reservations.reserve',
  input: () =>
    z.strictObject({
      paths: paths(),
      shared: maybe(flag(), 'others may have it, too, if theirs is shared as well'),
      ...span('for', '1h if not given, at most 24h'),
      reason: maybe(text(), 'what for; who is refused is told'),
      cwd: cwd(),
      ...waiting(),
    }),
  run: async (call, input) => {
    const { shared, reason } = input;
    const how = given({ shared, reason, forMs: msOf(input, 'for'), waitMs: waitOf(input) });
    const options = { ...how, ...from(call, input.cwd), signal: call.signal };
    return (await reserveFiles(call.session, input.paths, options)) ?? [];
  },
});

const reservationsList = route({
  operation: 'reservations.list',
  pages: { by: ({ path, agent: who }: Reservation) => `${path} ${who}` },
  input: () => z.strictObject({}),
  run: ({ session }) => listReservations(session),
});

const reservationsCheck = route({
  operation: 'reservations.check',
  input: () =>
    z.strictObject({
      paths: z.array(text()).check(z.minLength(1)),
      shared: maybe(flag()),
      literal: maybe(flag(), 'names of files, and no patterns'),
      cwd: cwd(),
    }),
  run: (call, input) => {
    const { shared, literal } = input;
    return checkReservations(call.session, input.paths, { ...given({ shared, literal }), ...from(call, input.cwd) });
  },
});

const reservationsRenew = route({
  operation: 'reservations.renew',
  input: () =>
    z.strictObject({
      paths: maybe(paths(), 'without it all'),
      ...span('for', 'from now; 1h if not given'),
      cwd: cwd(),
    }),
  run: (call, input) => {
    const how = { ...given({ forMs: msOf(input, 'for') }), ...from(call, input.cwd) };
    return renewReservations(call.session, input.paths, how);
  },
});

const reservationsRelease = route({
  operation: 'reservations.release',
  input: () => z.strictObject({ paths: maybe(paths(), 'without it all'), cwd: cwd() }),
  run: (call, input) => releaseReservations(call.session, input.paths, from(call, input.cwd)),
});

const identityShow = route({
  operation: 'identity.show',
  input: () => z.strictObject({ agent: mailbox('whose; without it who acts') }),
  run: (call, input) => showIdentity(call.session, mailboxOf(call, input.agent)),
});

const identityList = route({
  operation: 'identity.list',
  pages: { by: ({ agent: who }: IdentityListed) => who },
  input: () => z.strictObject({}),
  run: ({ session }) => listIdentities(session),
});

const trustList = route({
  operation: 'trust.list',
  pages: { by: ({ agent: who }: Trusted) => who },
  input: () => z.strictObject({}),
  run: ({ session }) => listTrust(session),
});

const auditList = route({
  operation: 'audit.list',
  pages: 'placed',
  input: () =>
    z.strictObject({
      since: maybe(moment(), 'from then on; a duration is so long ago'),
      op: maybe(text(), 'of one operation, or of a group'),
      by: maybe(agent(), 'who has acted'),
      denied: maybe(flag(), 'only what was refused'),
    }),
  run: (call, input) => {
    const { op, by, denied } = input;
    const how = given({ since: timeOf(call, input.since, 'since', true), op, by, denied });
    return listAudit(call.session, { ...how, ...behind(call.page), signal: call.signal });
  },
});

const auditVerify = route({
  operation: 'audit.verify',
  input: () => z.strictObject({ anchor: maybe(text()) }),
  run: ({ session }, how) => verifyAudit(session, how),
});

const auditAnchor = route({
  operation: 'audit.anchor',
  input: () => z.strictObject({}),
  run: ({ session }) => anchorAudit(session),
});

const auditPrune = route({
  operation: 'audit.prune',
  input: () => z.strictObject({ ...span('olderThan', 'whole days that ended so long ago'), dryRun: dryRun() }),
  run: ({ session }, input) => {
    const olderThanMs = msOf(input, 'olderThan');
    if (olderThanMs === undefined)
      throw usage('It is not known what to keep.', 'Give `olderThan`, and "dryRun": true to see it first');
    return pruneAudit(session, { olderThanMs, ...given({ dryRun: input.dryRun }) });
  },
});

const codes = Object.keys(errorCodes) as (keyof typeof errorCodes)[];

const explain = route({
  operation: 'explain',
  input: () => z.strictObject({ code: maybe(anyOf(codes)) }),
  run: async (_, { code }): Promise<ExplainedJson[]> =>
    (code === undefined ? codes : [code]).map((one) => {
      const { kind, happened, next } = errorCodes[one];
      return { code: one, kind, exitCode: exitCodes[kind], happened, next };
    }),
});

export const moreRoutes = [
  ...[alertsList, alertsCheck, alertsTest, alertsSilence],
  ...[reserve, reservationsList, reservationsCheck, reservationsRenew, reservationsRelease],
  ...[identityShow, identityList, trustList, auditList, auditVerify, auditAnchor, auditPrune, explain],
];
