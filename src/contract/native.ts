/**
 * What the native program (native/) does itself; all else it leaves to Node, which is a start later. Of each operation the
 * options that Node is needed for: they wait for what comes, or have so much to do that Node is faster.
 */
import type { OperationName } from './operations.ts';

const table: Partial<Record<OperationName, readonly string[]>> = {
  send: ['until', 'batch', 'wait'],
  reply: ['wait'],
  read: ['wait'],
  peek: ['wait'],
  ack: [],
  nack: [],
  renew: [],
  list: [],
  show: [],
  status: ['watch'],
};

/**
 * @param verb the words of the command
 * @param options those that were given, by their names
 */
export function isNative(verb: string, options: Readonly<Record<string, unknown>>): boolean {
  const needNode = table[verb as OperationName];
  return needNode !== undefined && needNode.every((option) => options[option] === undefined);
}
