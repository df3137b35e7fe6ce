/** What `npm test` leaves to `npm run test:all`: vitest.config.ts makes a project of each row. */
export const leftToAll = [
  { name: 'faults', files: 'test/faults/bounded.test.ts', what: 'the fault parts, bounded' },
  { name: 'long', files: 'test/**/*.long.test.ts', what: 'many processes or real time, for long' },
  { name: 'tools', files: 'test/**/*.tools.test.ts', what: 'what needs a Debian tool, root or older mail' },
] as const;

/** What `npm run test:native` leaves out: what is tried there goes on in Node, or is the library's, and was run by test:all. */
export const ofNodeAlone = [
  'alerts.long',
  'backup.long',
  'benchmarks.long',
  'bridge-killed.long',
  'bridge-rabbit.tools',
  'bridge-ssh.tools',
  'engine.tools',
  'engine-move.tools',
  'export.long',
  'export.tools',
  'hints.long',
  'identities.tools',
  'prometheus.tools',
  'sealed.tools',
  'setup.long',
  'signatures.tools',
  'swarm.long',
  'task-batches.long',
  'top.tools',
].map((name) => `test/e2e/${name}.test.ts`);

/**
 * What `npm run test:server` runs alone: the server in a browser, by schemathesis, from Python, killed, and for long. They take
 * longer than what is left of the half hour that `.ci/run` has.
 */
export const ofServer = [
  'test/server/**/*.tools.test.ts',
  'test/server/**/*.long.test.ts',
  'test/e2e/serve*.long.test.ts',
  // Minutes of kills.
  'test/core/move/redis-killed.long.test.ts',
];
