/** What reaching an agent in its own tool prints with --json. */
import * as z from 'zod/mini';
import { type AgentCard, agentCardSchema } from '../model/agent.ts';
import { schema } from '../model/schema.ts';
import { type Of, text, time } from './shape.ts';

/** A session of an agent's tool, and whose it is. */
export const hookBound = schema(() => z.object({ agent: text(), host: text(), session: text() }));
export type HookBound = Of<typeof hookBound>;

/** A session of an agent's tool that is there. */
const hostSession = schema(() =>
  z.object({ host: text(), session: text(), state: z.enum(['busy', 'idle']), since: time() }),
);
export type HostSessionJson = Of<typeof hostSession>;

export const agentListed = schema(() =>
  z.extend(agentCardSchema(), {
    /** Those of its tools that are there; absent: none is known. */
    sessions: z.exactOptional(z.array(hostSession())),
  }),
);
export type AgentListed = AgentCard & Pick<Of<typeof agentListed>, 'sessions'>;
