import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { exitCodes } from '../../cli/errors.ts';
import { given } from '../../cli/input/parse.ts';
import { nameOf, textOf } from '../../cli/input/text-file.ts';
import type { PolicyShown, PolicyTested } from '../../contract/security/policy.ts';
import { checkPolicy, setPolicy, showPolicy, testPolicy, testText } from '../../core/policy/policy.ts';
import { DreamosError } from '../../model/errors.ts';

export async function showCommand(context: Context): Promise<void> {
  const { output } = context;
  const shown = await showPolicy(await context.session());
  if (shown.policy === null && !output.json) return output.note('There is no policy: everybody may everything.');
  await output.item(shown, () => harmless(JSON.stringify(shown.policy, null, 2), 'block'));
  await output.note(sinceText(shown));
}

function sinceText({ version, at, by, note, byHand }: PolicyShown): string {
  if (version === null) return 'It was written by hand, and is kept in no version yet.';
  const who = byHand ? ' by hand' : by === null ? '' : ` by ${by}`;
  return harmless(`Version ${version}, since ${at}${who}${note === null ? '' : `: ${note}`}`);
}

export interface SetOptions {
  note?: string;
}

export async function setCommand(context: Context, file: string, { note }: SetOptions): Promise<void> {
  const session = await context.session();
  const shown = await setPolicy(session, await textOf(context, file), given({ note }), nameOf(file));
  await context.output.outcome(shown, () => `Version ${shown.version} of the policy is in force.`);
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
  return count === 1 ? 'its one test holds' : `all ${count} of its own tests hold`;
}

function sayText({ as, verb, mailbox, allowed }: PolicyTested['tests'][number]): string {
  return `${as ?? 'who does not say who he is'} ${allowed ? 'may' : 'may not'} "${verb}"${mailbox === null ? '' : ` in ${mailbox}`}`;
}
