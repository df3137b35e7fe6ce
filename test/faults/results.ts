import { readFileSync } from 'node:fs';
import type { FaultResult } from './part.ts';

/** What the parts found when each was last run at full length: results.json. */
export interface Results {
  /** By part; one that could not run has only its reason. */
  readonly parts: Readonly<Record<string, PartResult>>;
}

export interface PartResult extends Omit<FaultResult, 'skipped'> {
  readonly date: string;
  readonly machine: string;
  readonly seed: number;
  readonly seconds: number;
  readonly cannotRun?: string;
  readonly skipped?: readonly string[];
}

/** The name of a part's result where it has tried the native program. */
export function natively(part: string): string {
  return `${part}, natively`;
}

/** Below the checkout's top, where both npm scripts and vitest run. */
export const resultsPath = 'test/faults/results.json';

export function readResults(): Results {
  return JSON.parse(readFileSync(resultsPath, 'utf8')) as Results;
}

/** Rows of words as aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A part's figures as one phrase: `histories 10000, lost 0`. */
export function figuresOf({ figures, cannotRun }: PartResult): string {
  if (cannotRun !== undefined) return `not run: ${cannotRun}`;
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toLocaleString('en')}`)
    .join(', ');
}
