/**
 * Parsers that zod has compiled from our schemas when dreamos was built (scripts/premade.mjs, which puts them in the place of
 * this file; package.json asks for the same minor version of zod). Here, in tests, there are none, and the schemas do it.
 */
export const premade: Partial<Record<'agentCard' | 'mailEvent' | 'message' | 'settings', (value: unknown) => unknown>> =
  {};
