/** Settings, and who may what: each change is a version, which their tags say. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import type { PolicyShown } from '../../contract/security/policy.ts';
import type { ConfigVersion } from '../../contract/system.ts';
import { changeConfig, rollbackConfig, setConfig, unsetConfig } from '../../core/config/change.ts';
import { configDiff, configHistory } from '../../core/config/history.ts';
import { settingsVersion } from '../../core/config/rewrite.ts';
import { getConfig, showConfig } from '../../core/config/show.ts';
import { validateConfig } from '../../core/config/text.ts';
import { policyDiff, policyHistory, rollbackPolicy } from '../../core/policy/history.ts';
import { checkPolicy, setPolicy, removePolicy, showPolicy, testPolicy } from '../../core/policy/policy.ts';
import { once } from '../../model/schema.ts';
import { settingKeys } from '../../model/settings.ts';
import { agent, anyOf, flag, mailbox, maybe, text } from '../route/fields.ts';
import { tagOf, versionIn } from '../route/match.ts';
import { type Call, route } from '../route/route.ts';

const key = once(() => anyOf(settingKeys));
const version = once(() => z.int().check(z.minimum(0)));
const changing = once(() => ({ note: maybe(text(), 'why, for the history') }));
const value = () =>
  z.unknown().check(z.describe('a value, or the text that config set takes; null: the default holds again'));

const byVersion = { by: (one: ConfigVersion) => String(one.version).padStart(12, '0'), order: 'down' } as const;

function how({ ifMatch }: Call, { note }: { readonly note?: string }) {
  return given({ note, ifVersion: versionIn(ifMatch) });
}

const get = route({
  operation: 'config.get',
  version: settingsVersion,
  input: () => z.strictObject({ key: maybe(key()) }),
  run: ({ session }, input) => getConfig(session, input.key),
});

const show = route({
  operation: 'config.show',
  version: async (session, input) => (input.agent === undefined ? settingsVersion(session) : undefined),
  input: () =>
    z.strictObject({
      key: maybe(z.array(key()), 'only these'),
      agent: mailbox('what holds for this agent'),
      origin: maybe(flag(), 'also by whom and since when'),
    }),
  run: ({ session }, { key: keys, ...options }) => showConfig(session, keys, options),
});

const set = route({
  operation: 'config.set',
  each: false,
  matches: 'config.show',
  input: () => z.strictObject({ key: key(), value: value(), ...changing() }),
  run: (call, input) => setConfig(call.session, input.key, input.value ?? undefined, how(call, input)),
});

const change = route({
  operation: 'config.change',
  matches: 'config.show',
  input: () => z.strictObject({ changes: z.record(z.string(), z.unknown()), ...changing() }),
  run: (call, input) => changeConfig(call.session, input.changes as never, how(call, input)),
});

const unset = route({
  operation: 'config.unset',
  matches: 'config.show',
  input: () => z.strictObject({ keys: z.array(key()).check(z.minLength(1)), ...changing() }),
  run: (call, input) => unsetConfig(call.session, input.keys, how(call, input)),
});

const validate = route({
  operation: 'config.validate',
  method: 'POST',
  input: () => z.strictObject({ text: maybe(text(), 'else config.json') }),
  run: ({ session }, input) => validateConfig(session, input.text),
});

const diff = route({
  operation: 'config.diff',
  input: () => z.strictObject({ from: maybe(version()), to: maybe(version()), agent: mailbox('of its card') }),
  run: ({ session }, { from, to, agent: whose }) => configDiff(session, from, to, given({ agent: whose })),
});

const history = route({
  operation: 'config.history',
  pages: byVersion,
  input: () => z.strictObject({ agent: mailbox('of its card') }),
  run: ({ session }, { agent: whose }) => configHistory(session, given({ agent: whose })),
});

const rollback = route({
  operation: 'config.rollback',
  matches: 'config.show',
  input: () => z.strictObject({ version: version(), agent: mailbox('its card'), ...changing() }),
  run: (call, input) =>
    rollbackConfig(call.session, input.version, { ...given({ agent: input.agent }), ...how(call, input) }),
});

const policyShow = route({
  operation: 'policy.show',
  // Of one by hand nobody knows a version yet.
  tag: async (_, __, answer) => {
    const { version: kept, byHand } = answer as PolicyShown;
    return kept === null && byHand ? undefined : tagOf(kept ?? 0);
  },
  input: () => z.strictObject({}),
  run: ({ session }) => showPolicy(session),
});

const policy = () => z.record(z.string(), z.unknown()).check(z.describe('as dreamos help policies has it'));

const policySet = route({
  operation: 'policy.set',
  matches: 'policy.show',
  input: () => z.strictObject({ policy: policy(), ...changing() }),
  run: (call, input) => setPolicy(call.session, input.policy, how(call, input)),
});

const policyRemove = route({
  operation: 'policy.remove',
  matches: 'policy.show',
  input: () => z.strictObject(changing()),
  run: (call, input) => removePolicy(call.session, how(call, input)),
});

const policyDifference = route({
  operation: 'policy.diff',
  input: () => z.strictObject({ from: maybe(version()), to: maybe(version()) }),
  run: ({ session }, { from, to }) => policyDiff(session, from, to),
});

const policyVersions = route({
  operation: 'policy.history',
  pages: byVersion,
  input: () => z.strictObject({}),
  run: ({ session }) => policyHistory(session),
});

const policyRollback = route({
  operation: 'policy.rollback',
  matches: 'policy.show',
  input: () => z.strictObject({ version: version(), ...changing() }),
  run: (call, input) => rollbackPolicy(call.session, input.version, how(call, input)),
});

const policyCheck = route({
  operation: 'policy.check',
  input: () =>
    z.strictObject({
      verb: z.string().check(z.describe("a command's words, a function's path, or an action")),
      mailbox: mailbox('in which'),
      as: maybe(agent(), 'who; without it the acting agent'),
    }),
  run: ({ session }, { verb, ...question }) => checkPolicy(session, verb, question),
});

const policyTest = route({
  operation: 'policy.test',
  method: 'POST',
  input: () => z.strictObject({ policy: policy() }),
  run: ({ session }, input) => testPolicy(session, input.policy),
});

export const configRoutes = [
  ...[get, show, set, change, unset, validate, diff, history, rollback],
  ...[policyShow, policySet, policyRemove, policyDifference, policyVersions, policyRollback, policyCheck, policyTest],
];
