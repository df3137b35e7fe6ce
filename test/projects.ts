/** What `npm test` leaves to `npm run test:all`: vitest.config.ts makes a project of each row. */
export const leftToAll = [
  { name: 'faults', files: 'test/faults/bounded.test.ts', what: 'the fault parts, bounded' },
  { name: 'long', files: 'test/**/*.long.test.ts', what: 'many processes or real time, for long' },
  { name: 'tools', files: 'test/**/*.tools.test.ts', what: 'what needs a Debian tool, root or older mail' },
] as const;
