import type { Results } from './results.ts';

/** What one full run proved, in a line, and how to repeat it: made of results.json, never typed. */
export function evidence(results: Results): string {
  return `${evidenceLine(results)}\n\nMeasured ${results.date} on ${results.machine}, seed ${results.seed}: \`npm run test:faults\`.`;
}

function evidenceLine(results: Results): string {
  return Object.entries(results.parts)
    .map(
      ([name, { figures }]) =>
        `${name}: ${Object.entries(figures)
          .map(([what, n]) => `${n} ${what}`)
          .join(', ')}`,
    )
    .join('; ');
}
