/**
 * What the image holds besides the prelude: what the commands need that are called most. All of it is bytecode three times over,
 * so what is called seldom is read when it is. Exported, because a bundler leaves out an import of which nothing is used.
 */
export * as program from '../src/program/program.ts';
export * as openRoot from '../src/core/open-root.ts';
export * as send from '../src/commands/send/send.ts';
export * as read from '../src/commands/take/read.ts';
export * as ack from '../src/commands/take/ack.ts';
export * as held from '../src/core/take/held.ts';
