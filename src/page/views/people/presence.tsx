import type { AgentListed } from '../../../contract/reach.ts';
import { State } from '../../parts/state.tsx';

interface PresenceProps {
  readonly agent: Pick<AgentListed, 'presence' | 'pausedAt' | 'retiredAt'>;
}

/** Whether it is there. What somebody has decided of it comes first. */
export function Presence({ agent: { presence, pausedAt, retiredAt } }: PresenceProps) {
  const { state } = presence;
  if (retiredAt) return <State of="retired" />;
  if (pausedAt) return <State of="paused" />;
  return <Is state={state} />;
}

/** "ready" is what mail is: of an agent it says that it is there and has nothing to do. */
export function Is({ state }: { state: string }) {
  return <State of={state === 'ready' ? 'idle' : state}>{state === 'unseen' ? 'not started' : undefined}</State>;
}
