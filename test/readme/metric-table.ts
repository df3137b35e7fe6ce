import { columns } from '../../src/cli/help/columns.ts';
import { familyTable } from '../../src/core/metrics/families.ts';
import { sampleNameOf } from '../../src/core/metrics/exposition.ts';

/** Every family of metrics as its samples are called, with what it says. */
export function metricTable(): string {
  const rows = familyTable.map((family) => [`${sampleNameOf(family)} (${family.type})`, family.help] as const);
  return ['```text', columns(rows, 2), '```'].join('\n');
}
