import { withoutOption } from '../../contract/remote/through-server.ts';
import type { Finding } from '../../contract/keep.ts';
import type { Context } from '../../cli/context.ts';
import { asTyped } from '../../cli/as-typed.ts';
import { broken } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';
import type { Paint } from '../../cli/output.ts';
import { doctor, type DoctorOptions } from '../../core/keep/doctor.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';

export async function doctorCommand(context: Context, options: { fix?: boolean }): Promise<void> {
  const { output } = context;
  if (options.fix) await refuseThroughServer(context);
  const session = await context.session();
  const paint = await output.paint();
  const onProgress = (looked: number) => output.progress(`${looked} checked`);
  // Through a server nothing is repaired.
  const atRoot = (next: string): string =>
    context.server === undefined
      ? next
      : next.replaceAll(
          'dreamos doctor --fix',
          `DREAMOS_SERVER='' dreamos doctor --fix --root ${harmless(quoteWord(session.path))}`,
        );
  let remaining = 0;
  let warnings = 0;
  let repairable = 0;
  let fixed = 0;
  for await (const finding of all(context, { fix: options.fix ?? false, onProgress, signal: context.signal })) {
    if (context.signal.aborted) return;
    if (finding.fixed) fixed++;
    else if (finding.level === 'problem') remaining++;
    else if (finding.level === 'warning') warnings++;
    // Only what can be repaired says whether it was.
    if (finding.level === 'problem' && finding.fixed === false) repairable++;
    const told = finding.hint === undefined ? finding : { ...finding, hint: atRoot(asTyped(finding.hint)) };
    await output.item(told, () => broken(findingText(told, paint), output.width, ' '.repeat(10)));
  }
  await output.done();
  if (context.signal.aborted) return;
  if (remaining > 0) {
    const problems = remaining === 1 ? '1 problem remains' : `${remaining} problems remain`;
    throw new DreamosError('invalid', 'PROBLEMS_FOUND', `${problems} in ${session.path}.`, {
      hint:
        options.fix || repairable === 0
          ? 'What each finding says; these are not safe to repair by themselves.'
          : atRoot(`dreamos doctor --fix${context.flags()}`),
    });
  }
  const but = warnings === 0 ? '' : `, but there ${warnings === 1 ? 'is 1 warning' : `are ${warnings} warnings`}`;
  await output.note(fixed > 0 ? `${fixed} repaired; nothing is wrong now${but}.` : `Nothing is wrong${but}.`);
}

/** @throws USAGE */
async function refuseThroughServer(context: Context): Promise<void> {
  const { notThroughServer, serverFor } = await import('../../cli/tools/server.ts');
  const { doctor: without } = withoutOption;
  if (without && serverFor(context)) throw notThroughServer(context, `doctor --${without.option}`, without.why);
}

/** What is wrong with the root, and with the tools that hear of mail in it. */
async function* all(context: Context, options: DoctorOptions): AsyncGenerator<Finding> {
  yield* doctor(await context.session(), options);
  const { setupTrouble } = await import('../../cli/tools/surveyed.ts');
  for (const { host, message, hint } of await setupTrouble(context))
    yield { rule: 'setup', level: 'warning', message: `${host}: ${message}`, ...(hint !== undefined && { hint }) };
}

function findingText({ level, rule, mailbox, message, fixed, hint }: Finding, paint: Paint): string {
  const color = fixed ? paint.green : level === 'problem' ? paint.red : level === 'warning' ? paint.yellow : paint.dim;
  const where = mailbox === undefined ? '' : `${mailbox}: `;
  const next = hint === undefined || fixed ? '' : `\n          Next: ${harmless(hint)}`;
  return `${color((fixed ? 'repaired' : level).padEnd(8))}  ${harmless(`${where}${message}`)} [${harmless(rule)}]${next}`;
}
