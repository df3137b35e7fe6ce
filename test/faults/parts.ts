import { part as corruption } from './corruption/part.ts';
import { part as errors } from './errors/part.ts';
import { part as hostile } from './hostile/part.ts';
import { part as kill } from './kill/part.ts';
import { part as model } from './model/part.ts';
import type { FaultPart } from './part.ts';
import { part as powerCut } from './power-cut/part.ts';
import { part as totalQueue } from './total-queue/part.ts';

/** In the order of their run: what is quick to fail comes first. */
export const parts: readonly FaultPart[] = [model, kill, errors, corruption, hostile, totalQueue, powerCut];
