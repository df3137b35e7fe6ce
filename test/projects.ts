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
  'bridge-nats.tools',
  'bridge-nats-killed.long',
  'bridge-rabbit.tools',
  'bridge-ssh.tools',
  'bridge-zeromq',
  'bridge-zeromq-killed.long',
  'code-cache.long',
  'engine.tools',
  'engine-move.tools',
  'export.long',
  'export.tools',
  'hints.long',
  'identities.tools',
  'limits.long',
  'listen-zeromq',
  'many-processes.long',
  'ordering.long',
  'presence.long',
  'prometheus.tools',
  'reservations.long',
  'schedules.long',
  'sealed.tools',
  'serve.tools',
  'setup.long',
  'signatures.tools',
  'supply-chain.long',
  'swarm.long',
  'task-batches.long',
  'top.tools',
  'topics.long',
  'wake.tools',
  'working.long',
].map((name) => `test/e2e/${name}.test.ts`);

/**
 * What `npm run test:server` runs alone: the server in a browser, by schemathesis, from Python, killed, and for long; and a
 * bridge that is killed at random. They take longer than what is left of the half hour that `.ci/run` has.
 */
export const ofServer = [
  'test/server/**/*.tools.test.ts',
  'test/server/**/*.long.test.ts',
  'test/e2e/serve*.long.test.ts',
  'test/e2e/bridge-killed-often.long.test.ts',
  // Minutes of kills.
  'test/core/move/redis-killed.long.test.ts',
];

/** What is killed again and again: briefly with all else, and for long with what is of the server. */
export const alsoForLong = [
  'test/faults/kill/killed-moves.long.test.ts',
  'test/faults/kill/killed-renames.long.test.ts',
];
export const isForLong = process.env['DREAMOS_TESTS'] === 'server';

/** Behind what `npm run test:store` runs on one machine: hosts whose cables are pulled. */
export const ofHosts = 'test/faults/hosts/*.tools.test.ts';
export const isOfHosts = process.env['DREAMOS_TESTS'] === 'hosts';
