/** What the commands about tasks print with --json. */
import * as z from 'zod/mini';
import { taskStates } from '../model/state.ts';
import { schema } from '../model/schema.ts';
import { traceStep } from './look.ts';
import { count, type Of, priority, text, time, yes } from './shape.ts';

const number = () => z.number();

export const task = schema(() =>
  z.object({
    id: text(),
    title: text(),
    state: z.enum(taskStates),
    priority: priority(),
    /** Where its message lies: a queue of tasks, or the mailbox of who has it. */
    mailbox: text(),
    /** Who has it. */
    assignee: z.exactOptional(text()),
    /** Who has made it. */
    by: text(),
    createdAt: time(),
    tags: z.exactOptional(z.array(text())),
    requires: z.array(text()),
    dependsOn: z.array(text()),
    /** blocked: of these those that are not done. */
    waitsFor: z.exactOptional(z.array(text())),
    parent: z.exactOptional(text()),
    deadline: z.exactOptional(time()),
    overdue: z.exactOptional(yes()),
    /** How often it was begun. */
    attempt: count(),
    /** active: until when. */
    leaseUntil: z.exactOptional(time()),
    progress: z.exactOptional(
      z.object({ at: time(), by: text(), percent: z.exactOptional(number()), note: z.exactOptional(text()) }),
    ),
    /** done. */
    result: z.exactOptional(text()),
    data: z.exactOptional(z.unknown()),
    /** failed: why. */
    reason: z.exactOptional(text()),
    /** done, failed or cancelled. */
    endedAt: z.exactOptional(time()),
    /** ready: why nobody has it. */
    missing: z.exactOptional(text()),
  }),
);
export type TaskJson = Of<typeof task>;

/** What whoever does it has to read. */
const said = () => ({
  body: text(),
  /** The data that it was made with. */
  input: z.exactOptional(z.unknown()),
});

export const shownTask = schema(() =>
  z.extend(task(), {
    ...said(),
    /** The tasks that are a part of it. */
    children: z.array(text()),
    /** What happened to it, by time, as far as the event logs still know it. */
    history: z.array(traceStep()),
  }),
);
export type ShownTask = Of<typeof shownTask>;

export const taskTaken = schema(() => z.extend(task(), { ...said(), receipt: text() }));
export type TaskTaken = Of<typeof taskTaken>;

/** One of many that were made together. */
export const madeTask = schema(() =>
  z.object({
    id: text(),
    /** What its line calls it: its key, or its id in beads. */
    key: z.exactOptional(text()),
    title: text(),
    state: z.enum(taskStates),
    mailbox: text(),
    assignee: z.exactOptional(text()),
    /** blocked. */
    waitsFor: z.exactOptional(z.array(text())),
    /** ready: why nobody has it. */
    missing: z.exactOptional(text()),
    /** It was there before, and nothing was made. */
    duplicate: z.exactOptional(yes()),
  }),
);
export type MadeTask = Of<typeof madeTask>;

/** As beads has it: it may have any other field, and has those that it came with. */
export const beadsIssue = schema(() =>
  z.looseObject({
    id: text(),
    title: text(),
    description: z.exactOptional(text()),
    status: z.exactOptional(text()),
    priority: z.exactOptional(z.nullable(number())),
    issue_type: z.exactOptional(text()),
    assignee: z.exactOptional(text()),
    labels: z.exactOptional(z.array(text())),
    dependencies: z.exactOptional(z.array(z.unknown())),
    created_at: z.exactOptional(text()),
    created_by: z.exactOptional(text()),
    updated_at: z.exactOptional(text()),
    closed_at: z.exactOptional(text()),
    close_reason: z.exactOptional(text()),
    due_at: z.exactOptional(text()),
    /** Of what was made here. */
    requires: z.exactOptional(z.array(text())),
    data: z.exactOptional(z.unknown()),
  }),
);

/** Somebody who might do it. */
export const candidate = schema(() =>
  z.object({
    agent: text(),
    state: text(),
    tasks: count(),
    maxTasks: count(),
    /** The share of its room that is free: 1 with nothing to do. Among equals the longest idle is chosen. */
    score: number(),
    idleSince: z.exactOptional(time()),
    /** Why it was passed over. */
    why: z.exactOptional(text()),
    chosen: z.exactOptional(yes()),
  }),
);
export type Candidate = Of<typeof candidate>;

/** Of who coordinates: that he has the role or has it no more, and what he did. */
export const coordinated = schema(() =>
  z.object({
    agent: text(),
    holds: z.boolean(),
    /** How often the role has been taken: of two the one with the greater has it. */
    token: count(),
    /** So many tasks had waited for others. */
    released: z.exactOptional(count()),
    /** Tasks and messages of agents that are gone. */
    tookOver: z.exactOptional(count()),
    assigned: z.exactOptional(count()),
  }),
);
export type Coordinated = Of<typeof coordinated>;
