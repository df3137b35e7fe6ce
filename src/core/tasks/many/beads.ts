/**
 * Issues as beads (github.com/steveyegge/beads) has them in .beads/issues.jsonl, a line each. What a task has no place for is
 * kept in its data, so that an export gives it back.
 */
import { capabilityPattern } from '../../../model/agent.ts';
import { subjectCharacters, mostTags, typeCharacters } from '../../../model/basics/limits.ts';
import { cut } from '../../../model/basics/text.ts';
import type { Priority } from '../../../model/message.ts';
import { messageInvalid } from '../../../model/refusals.ts';
import type { TaskDraft } from '../create.ts';

/** What is gone by of an issue. It may have any other field. */
export interface BeadsIssue {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly design?: string;
  readonly acceptance_criteria?: string;
  readonly notes?: string;
  /** open, in_progress, blocked, closed and others; absent: open. */
  readonly status?: string;
  /** 0 is the most urgent, 4 the least; absent: 2. */
  readonly priority?: number;
  readonly assignee?: string;
  readonly labels?: readonly string[];
  readonly dependencies?: readonly BeadsDependency[];
  readonly created_at?: string;
  readonly updated_at?: string;
  readonly closed_at?: string;
  readonly close_reason?: string;
  readonly due_at?: string;
  readonly [field: string]: unknown;
}

export interface BeadsDependency {
  readonly issue_id?: string;
  readonly depends_on_id: string;
  /** `blocks` has to be done before, `parent-child` is what it is a part of; others say nothing to a task. */
  readonly type: string;
  readonly [field: string]: unknown;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const texts = ['description', 'design', 'acceptance_criteria', 'notes', 'status', 'assignee', 'created_at', 'due_at'];

/** @throws MESSAGE_INVALID */
export function checkIssue(value: unknown): BeadsIssue {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw messageInvalid('This is no issue, but something else.', 'Write {"id":"bd-1","title":"…"}');
  const issue = value as Record<string, unknown>;
  for (const name of ['id', 'title'])
    if (!isText(issue[name]) || (issue[name] as string).trim() === '') throw misfit(name, 'a text, and not empty');
  for (const name of texts) if ((issue[name] ?? null) !== null && !isText(issue[name])) throw misfit(name, 'a text');
  const { priority = 2, labels, dependencies } = issue;
  if (priority !== null && ![0, 1, 2, 3, 4].includes(priority as number))
    throw misfit('priority', 'a number from 0 to 4');
  if ((labels ?? null) !== null && !(Array.isArray(labels) && labels.every(isText)))
    throw misfit('labels', 'a list of texts');
  if ((dependencies ?? null) !== null && !(Array.isArray(dependencies) && dependencies.every(isDependency)))
    throw misfit('dependencies', 'a list of {"depends_on_id":"…","type":"…"}');
  return value as BeadsIssue;
}

function isDependency(value: unknown): boolean {
  const { depends_on_id: id, type } = (value ?? {}) as Record<string, unknown>;
  return isText(id) && isText(type);
}

function misfit(name: string, what: string): Error {
  return messageInvalid(`"${name}" has to be ${what}.`);
}

/** What `data` keeps of an issue; `undefined`: it keeps none. */
export function issueIn(data: unknown): BeadsIssue | undefined {
  const kept = typeof data === 'object' && data !== null ? (data as { beads?: unknown }).beads : undefined;
  try {
    return kept === undefined ? undefined : checkIssue(kept);
  } catch {
    // Somebody's own data, who calls it so.
    return undefined;
  }
}

/** Its ends of that kind, each once. */
export function endsOf({ dependencies }: BeadsIssue, type: string): string[] {
  return [...new Set((dependencies ?? []).filter((one) => one.type === type).map((one) => one.depends_on_id))];
}

export function isClosed({ status }: BeadsIssue): boolean {
  return status === 'closed' || status === 'tombstone';
}

/** By the numbers of beads. */
const priorityOf: readonly Priority[] = ['urgent', 'high', 'normal', 'low', 'low'];

/** @param requiresLabels labels that may be capabilities are */
export function draftOfIssue(issue: BeadsIssue, requiresLabels: boolean): TaskDraft {
  const labels = issue.labels ?? [];
  const due = issue.due_at ? Date.parse(issue.due_at) : NaN;
  const asked = Array.isArray(issue['requires']) ? (issue['requires'] as unknown[]) : [];
  const requires = [...asked, ...(requiresLabels ? labels : [])].filter(
    (one): one is string => typeof one === 'string' && capabilityPattern.test(one),
  );
  return {
    title: cut(issue.title.replace(/\s+/g, ' ').trim(), subjectCharacters),
    body: bodyOf(issue),
    priority: priorityOf[issue.priority ?? 2] ?? 'normal',
    tags: [...new Set(labels)].filter((one) => one !== '' && one.length <= typeCharacters).slice(0, mostTags),
    data: { beads: issue },
    ...(requires.length > 0 && { requires }),
    ...(Number.isFinite(due) && { deadline: due }),
  };
}

function bodyOf(issue: BeadsIssue): string {
  const parts = [
    issue.description,
    issue.design && `## Design\n\n${issue.design}`,
    issue.acceptance_criteria && `## Acceptance criteria\n\n${issue.acceptance_criteria}`,
    issue.notes && `## Notes\n\n${issue.notes}`,
  ].filter((part) => part !== undefined && part !== null && part.trim() !== '');
  return parts.length > 0 ? parts.join('\n\n') : issue.title;
}
