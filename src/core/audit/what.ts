import { type OperationName, operations } from '../../contract/operations.ts';

/** What an agent says of itself every few minutes, or hears of its mail by, rules nothing. */
const leftOut: readonly OperationName[] = ['agent.heartbeat'];
/** What is gone for good. */
const purges: readonly OperationName[] = ['dlq.purge'];

/** Whether the audit notes every call of an operation, and not only those that are denied. */
export function isAudited(name: string): name is OperationName {
  if (!Object.hasOwn(operations, name)) return false;
  const operation = name as OperationName;
  return purges.includes(operation) || (operations[operation].effect === 'administers' && !leftOut.includes(operation));
}

/** Whether a call of one only looked: a dry run, and what changes something only when it is told to. */
export function onlyLooks(name: OperationName, args: readonly unknown[]): boolean {
  const said = (option: string): unknown[] =>
    args.map((arg) => (arg as Readonly<Record<string, unknown>> | null | undefined)?.[option]);
  if (said('dryRun').includes(true) || said('check').includes(true)) return true;
  // As `doctor` takes it: whatever is not nothing.
  return name === 'doctor' && !said('fix').some(Boolean);
}
