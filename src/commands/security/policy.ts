import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { exitCodes } from '../../cli/errors.ts';
import { printDifferences, printHistory, versionOption } from '../../cli/history/versions.ts';
import { countOption, given } from '../../cli/input/parse.ts';
import { nameOf, textOf } from '../../cli/input/text-file.ts';
import type { PolicyShown, PolicyTested } from '../../contract/security/policy.ts';
import type { ConfigVersion } from '../../contract/system.ts';
import { policyDiff, policyHistory, rollbackPolicy } from '../../core/policy/history.ts';
import { checkPolicy, removePolicy, setPolicy, showPolicy, testPolicy, testText } from '../../core/policy/policy.ts';
import { DreamosError } from '../../model/errors.ts';

export async function showCommand(context: Context): Promise<void> {
  const { output } = context;
  const shown = await showPolicy(await context.session());
  if (shown.policy === null && !output.json) return output.note(noneText(shown));
  await output.item(shown, () => harmless(JSON.stringify(shown.policy, null, 2), 'block'));
  await output.note(sinceText(shown));
}

function noneText(shown: PolicyShown): string {
  const none = 'There is no policy: everybody may everything.';
  if (shown.version !== null) return `${none} ${sinceText(shown)}`;
  return shown.byHand ? `${none} Its file was taken away by hand: dreamos policy history` : none;
}

function sinceText({ version, at, by, note, byHand }: PolicyShown): string {
  if (version === null) return 'It was written by hand, and is kept in no version yet.';
  const who = byHand ? ' by hand' : by === null ? '' : ` by ${by}`;
  return harmless(`Version ${version}, since ${at}${who}${note === null ? '' : `: ${note}`}`);
}

export interface ChangeOptions {
  note?: string;
  ifVersion?: string;
}

const versionOf = (text: string | undefined, flag = 'a version') => versionOption(text, flag, 'policy');

function changing({ note, ifVersion }: ChangeOptions) {
  return given({ note, ifVersion: versionOf(ifVersion, '--if-version') });
}

export async function setCommand(context: Context, file: string, options: ChangeOptions): Promise<void> {
  const how = changing(options);
  const session = await context.session();
  const shown = await setPolicy(session, await textOf(context, file), how, nameOf(file));
  await context.output.outcome(shown, () => `Version ${shown.version} of the policy is in force.`);
}

export async function removeCommand(context: Context, options: ChangeOptions): Promise<void> {
  const shown = await removePolicy(await context.session(), changing(options));
  await context.output.outcome(shown, () => noneNow(shown.version));
}

export async function diffCommand(context: Context, from: string | undefined, to: string | undefined): Promise<void> {
  const [since, until] = [versionOf(from), versionOf(to)];
  await printDifferences(context.output, await policyDiff(await context.session(), since, until), 'rule');
}

export async function historyCommand(context: Context, { limit }: { limit?: string }): Promise<void> {
  const options = given({ limit: countOption(limit, '--limit') });
  const versions = await policyHistory(await context.session(), options);
  if (versions.length === 0) await context.output.note('No policy was ever set: everybody may everything.');
  await printHistory(context.output, versions, (one) => (one.removed ? 'removed' : changedIn(one.changes).join(', ')));
}

/** `role member`: each once, since of all rules of a policy no line has room. */
function changedIn(changes: ConfigVersion['changes']): string[] {
  const names = changes.map(({ key }) => {
    const [, kind = '', rest = ''] = /^(roles|agents)\.(.*)$/s.exec(key) ?? [];
    if (kind === 'agents') return `agent ${rest}`;
    return kind === 'roles' ? `role ${rest.replace(/\.(allow|deny)\.[a-z*]+$/, '')}` : key;
  });
  return [...new Set(names)];
}

export async function rollbackCommand(context: Context, text: string, options: ChangeOptions): Promise<void> {
  const wanted = versionOf(text) ?? 0;
  const done = await rollbackPolicy(await context.session(), wanted, changing(options));
  await context.output.outcome(done, () =>
    done.removed
      ? noneNow(done.version)
      : `Version ${done.version} of the policy is in force, and says what version ${wanted} said.`,
  );
}

/** @param version with which it was removed; `null`: there never was one */
function noneNow(version: number | null): string {
  return `There is no policy now: everybody may everything.${version === null ? '' : ` That is version ${version}.`}`;
}

export async function checkCommand(context: Context, verb: string, mailbox: string | undefined): Promise<void> {
  const told = await checkPolicy(await context.session(), verb, given({ mailbox }));
  await context.output.item(told, () => harmless(`${told.allowed ? 'yes' : 'no'}: ${told.why}`));
  if (!told.allowed) context.endWith(exitCodes.denied);
}

export async function testCommand(context: Context, file: string): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const tested = await testPolicy(session, await textOf(context, file), nameOf(file));
  const { tests, failed } = tested;
  await output.item(tested, () =>
    [
      ...tests.map((test) =>
        harmless(test.expected === test.allowed ? `ok: ${sayText(test)}` : `fails: ${testText(test)}`),
      ),
      failed === 0 ? `${nameOf(file)} can be used: ${heldText(tests.length)}.` : '',
    ]
      .filter(Boolean)
      .join('\n'),
  );
  if (failed === 0) return;
  const message = `${failed} of ${tests.length} tests of ${nameOf(file)} ${failed === 1 ? 'fails' : 'fail'}.`;
  throw new DreamosError('invalid', 'CONFIG_INVALID', message, { hint: 'Mend the rules, or the tests' });
}

function heldText(count: number): string {
  if (count === 0) return 'it has no tests of its own';
  return count === 1 ? 'its one test holds' : `${count === 2 ? 'both' : `all ${count}`} of its own tests hold`;
}

function sayText({ as, verb, mailbox, allowed }: PolicyTested['tests'][number]): string {
  return `${as ?? 'who does not say who he is'} ${allowed ? 'may' : 'may not'} "${verb}"${mailbox === null ? '' : ` in ${mailbox}`}`;
}
