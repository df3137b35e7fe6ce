/** Where a message can be in a mailbox; it is in exactly one of them. */
export const states = ['ready', 'delayed', 'inflight', 'archived', 'dead'] as const;
export type State = (typeof states)[number];

/** What a mailbox still holds to be done. */
export const unfinished = ['ready', 'delayed', 'inflight'] as const satisfies State[];

/**
 * What became of a handled message: `failed` comes again, `returned` too and without a used attempt, `dead` is in the
 * dead-letter queue, `settled` was settled by the handler itself, `lost` was taken back before the handler had ended.
 */
export const results = ['acked', 'failed', 'returned', 'dead', 'settled', 'lost'] as const;
export type Result = (typeof results)[number];
/** The states of a task, and the moves between them: the one table that the core goes by and that help prints. */
export const taskStates = ['blocked', 'ready', 'assigned', 'active', 'done', 'failed', 'cancelled'] as const;
export type TaskState = (typeof taskStates)[number];

/** What is still to be done, in the order in which a list shows it. */
export const openStates = ['active', 'assigned', 'ready', 'blocked'] as const satisfies TaskState[];

export const stateMeanings: Readonly<Record<TaskState, string>> = {
  blocked: 'waits for the tasks that it depends on',
  ready: 'can be done, and nobody has it yet',
  assigned: 'lies in the mailbox of who is to do it',
  active: 'somebody is at it, under a lease',
  done: 'finished',
  failed: 'given up: in the dead-letter queue of who had it',
  cancelled: 'called off',
};

interface Move {
  readonly from: readonly TaskState[];
  /** Where it leads; of several the first that fits. */
  readonly to: readonly TaskState[];
}

/** What somebody does. Every other move is refused (TASK_STATE). */
export const taskMoves = {
  assign: { from: ['ready', 'assigned'], to: ['assigned'] },
  accept: { from: ['ready', 'assigned'], to: ['active'] },
  progress: { from: ['active'], to: ['active'] },
  done: { from: ['active'], to: ['done'] },
  fail: { from: ['active'], to: ['failed'] },
  cancel: { from: ['blocked', 'ready', 'assigned', 'active'], to: ['cancelled'] },
  retry: { from: ['failed', 'cancelled'], to: ['blocked', 'ready'] },
} as const satisfies Record<string, Move>;

export type TaskMove = keyof typeof taskMoves;
export const taskMoveNames = Object.keys(taskMoves) as TaskMove[];

/** What happens by itself, whoever looks next. */
export const ownMoves = [
  { from: 'blocked', to: 'ready', when: 'the last task that it depends on is done' },
  { from: 'ready', to: 'assigned', when: 'somebody who can do it is there and has room' },
  { from: 'active', to: 'assigned', when: 'the lease ran out, or it was given back' },
  { from: 'active', to: 'failed', when: 'its attempts are used up' },
  { from: 'assigned, active', to: 'assigned', when: 'who has it is gone: another one gets it' },
  { from: 'assigned, active', to: 'ready', when: 'who has it is gone, and nobody else can take it' },
] as const;

export function isLegal(move: TaskMove, from: TaskState): boolean {
  return (taskMoves[move].from as readonly TaskState[]).includes(from);
}

export function movesFrom(state: TaskState): TaskMove[] {
  return taskMoveNames.filter((move) => isLegal(move, state));
}
