import type { TaskState } from '../../../model/state.ts';
import type { Happened } from '../../data/live.ts';

/** The columns of the board, in the order in which a task goes through them. */
export const boardStates = ['blocked', 'ready', 'assigned', 'active', 'failed'] as const satisfies readonly TaskState[];

/** What is announced or published moves no task. */
export const movesTasks = ({ event }: Happened): boolean => !['announced', 'published'].includes(event);
