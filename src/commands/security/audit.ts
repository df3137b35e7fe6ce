import { asTyped } from '../../cli/as-typed.ts';
import type { Context } from '../../cli/context.ts';
import { broken } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';
import { countOption, durationOption, given, momentOption } from '../../cli/input/parse.ts';
import { printMaintained } from '../../cli/show/maintained.ts';
import { ago } from '../../cli/show/message-view.ts';
import { layoutOf, type RowLayout, showFirst } from '../../cli/show/screenful.ts';
import type { Audited, AuditVerified } from '../../contract/security/audit.ts';
import { anchorAudit, pruneAudit } from '../../core/audit/keep.ts';
import { listAudit } from '../../core/audit/list.ts';
import { verifyAudit } from '../../core/audit/verify.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';

interface ListOptions {
  since?: string;
  op?: string;
  by?: string;
  denied?: boolean;
  limit?: string;
}

export async function listCommand(context: Context, options: ListOptions): Promise<void> {
  const { output, signal } = context;
  const session = await context.session();
  const now = session.clock.now();
  const limit = countOption(options.limit, '--limit');
  const { op, by, denied } = options;
  const which = given({ since: momentOption(options.since, '--since', now), op, by, denied, limit });
  const found = listAudit(session, { ...which, signal });
  let some = false;
  if (output.toTerminal && !output.json) some = (await showFirst(output, found, lineLayout(now), limit)) > 0;
  else
    for await (const line of found) {
      if (signal.aborted) return;
      some = true;
      await output.item(line, () => lineText(line));
    }
  if (!some && !signal.aborted)
    await output.note(`Nothing ${Object.keys(which).length > 0 ? 'of that ' : ''}is noted in ${session.path}.`);
}

const lineLayout = (now: number): RowLayout<Audited> =>
  layoutOf<Audited>(
    [
      ['when', true, ({ at }) => ago(at, now)],
      ['by', true, ({ by }) => by ?? '-'],
      ['what', true, ({ op }) => op],
      ['end', true, ({ result, code }) => code ?? result],
      ['about', true, aboutText],
    ],
    { by: 6, about: 12 },
  );

function lineText(line: Audited): string {
  const { at, by, op, result, code, pid, user } = line;
  const end = result === 'done' ? '' : `  ${result}${code === undefined ? '' : ` ${code}`}`;
  const who = `${by ?? '-'} (pid ${pid}${user === undefined ? '' : `, user ${user}`})`;
  return harmless(`${at}  ${who}  ${op}${end}  ${aboutText(line)}`).trimEnd();
}

function aboutText({ args, id, mailbox, to, why }: Audited): string {
  const said = args?.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)));
  const where = mailbox ?? to?.join(', ');
  return [...(said ?? []), ...(id === undefined ? [] : [id]), ...(where === undefined ? [] : [where]), why ?? '']
    .join(' ')
    .trim();
}

export async function verifyCommand(context: Context, options: { anchor?: string }): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const verified = await verifyAudit(session, given(options));
  const paint = await output.paint();
  await output.item(verified, () => {
    const findings = verified.findings.map(({ level, message, hint, rule }) => {
      const color = level === 'problem' ? paint.red : level === 'warning' ? paint.yellow : paint.dim;
      const next = hint === undefined ? '' : `\n          Next: ${harmless(asTyped(hint))}`;
      return broken(`${color(level.padEnd(8))}  ${harmless(message)} [${rule}]${next}`, output.width, ' '.repeat(10));
    });
    return [...findings, broken(sumText(verified, session.clock.now()), output.width)].join('\n');
  });
  const problems = verified.findings.filter(({ level }) => level === 'problem').length;
  if (problems > 0) {
    const many = problems === 1 ? '1 problem' : `${problems} problems`;
    throw new DreamosError('invalid', 'PROBLEMS_FOUND', `${many} in the audit of ${session.path}.`, {
      hint: 'What each finding says; nothing puts back what was changed',
    });
  }
}

function sumText(verified: AuditVerified, now: number): string {
  const { state, lines, checkpoints, since, until, unproved, prunedThrough, anchored } = verified;
  if (state === 'empty') return 'Nothing is noted yet, or all of it is gone: without an anchor nobody can tell.';
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const by = many(checkpoints, 'checkpoint');
  const seen =
    state === 'whole'
      ? `${many(lines - unproved.lines, 'line')} proved by ${by}`
      : `${many(lines, 'line')} looked at, and ${by}`;
  const span = since === null || until === null ? '' : `, from ${since} to ${until} (${ago(until, now)})`;
  const rest =
    unproved.lines === 0
      ? ''
      : ` ${many(unproved.lines, 'line')} came later; the next checkpoint proves ${unproved.lines === 1 ? 'it' : 'them'}.`;
  const pruned = prunedThrough === null ? '' : ` Days up to ${prunedThrough} were removed by audit prune.`;
  if (state === 'broken') return `Broken: ${seen}${span}. What is wrong is said above.${pruned}`;
  const end =
    anchored === true
      ? ' The anchor holds: nothing up to it was cut or made anew.'
      : ' Whether the end of log and checkpoints was cut off together, only an anchor tells.';
  return `Whole: ${seen}${span}.${rest}${pruned}${end}`;
}

export async function anchorCommand(context: Context): Promise<void> {
  const made = await anchorAudit(await context.session());
  await context.output.outcome(made, () => made.anchor);
  await context.output.note(
    `Keep it outside of the root, where nobody who writes there can change it. Then: dreamos audit verify --anchor <anchor>${context.flags()}`,
  );
}

export async function pruneCommand(
  context: Context,
  { olderThan, dryRun }: { olderThan?: string; dryRun?: boolean },
): Promise<void> {
  const olderThanMs = durationOption(olderThan, '--older-than');
  if (olderThanMs === undefined)
    throw usage(
      '"audit prune" needs to know what to keep.',
      'For example: dreamos audit prune --older-than 365d --dry-run',
    );
  const pruned = pruneAudit(await context.session(), { olderThanMs, ...given({ dryRun }) });
  await printMaintained(context, pruned, 'No day of the audit has to go.');
}
