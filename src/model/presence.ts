/** What an agent may say of itself. */
export type AgentStatus = 'idle' | 'busy' | 'paused';
export const agentStatuses = ['idle', 'busy', 'paused'] as const satisfies readonly AgentStatus[];

/**
 * What is made of that: `late` and `gone` have not been heard of for a while, or their process has ended; `unseen` never said
 * that they are there.
 */
export type PresenceState = 'ready' | 'busy' | 'paused' | 'late' | 'gone' | 'unseen';
export const presenceStates = [
  'ready',
  'busy',
  'paused',
  'late',
  'gone',
  'unseen',
] as const satisfies readonly PresenceState[];
