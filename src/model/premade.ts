/**
 * Parsers that zod has compiled from our schemas when dreamos was built (scripts/premade.mjs, which puts them in the place of
 * this file). Here, in tests, there are none, and the schemas themselves do it.
 */
export const premade: Partial<Record<'agentCard' | 'mailEvent' | 'message' | 'settings', (value: unknown) => unknown>> =
  {};
