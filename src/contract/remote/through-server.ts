/** What is not done through a server (DREAMOS_SERVER, `connect`), and why. */
import { commandOf, type OperationName, operationNames } from '../operations.ts';

const ofRoot = 'works on the root itself';
const ofKeys = 'works with keys, which are files of the user';
const runsCommands = 'runs commands here';

export const notThroughServer: Readonly<Partial<Record<OperationName, string>>> = {
  init: ofRoot,
  restore: ofRoot,
  backup: ofRoot,
  dump: ofRoot,
  load: ofRoot,
  move: ofRoot,
  import: ofRoot,
  export: ofRoot,
  maintain: runsCommands,
  'alerts.check': runsCommands,
  'alerts.test': runsCommands,
  'identity.list': ofKeys,
  'identity.create': ofKeys,
  'identity.show': ofKeys,
  'identity.rotate': ofKeys,
  'identity.revoke': ofKeys,
  'trust.list': ofKeys,
  'trust.accept': ofKeys,
  'trust.remove': ofKeys,
  bridge: ofRoot,
  receive: ofRoot,
  serve: ofRoot,
  'serve.status': ofRoot,
  'serve.stop': ofRoot,
  dashboard: ofRoot,
  'token.create': ofRoot,
  'token.list': ofRoot,
  'token.revoke': ofRoot,
  mcp: 'serves one agent beside the root',
  wake: 'rings in this terminal',
};

/** As notThroughServer, of what is done through one but for this option. */
export const withoutOption: Readonly<
  Partial<Record<OperationName, { readonly option: string; readonly why: string }>>
> = { doctor: { option: 'fix', why: `repairs, which ${ofRoot}` } };

/** Verbs that open the root that is here, or none. */
const here: ReadonlySet<string> = new Set(['hook', 'hook bind', 'setup']);

/** @param verb the words of the command @returns why it is not done through a server; `here`: it is done without one */
export function withoutServer(verb: string): { readonly here: true } | { readonly why: string } | undefined {
  if (here.has(verb)) return { here: true };
  const operation = operationNames.find((name) => commandOf(name) === verb);
  const why = operation && notThroughServer[operation];
  return why === undefined ? undefined : { why };
}
