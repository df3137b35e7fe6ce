import type { SessionKey } from '../storage/port/reach.ts';

/** A way to ring. */
export interface Ringer {
  /** To which session of the agent mail is announced: what it was told of already, by whomever, it is not told again. */
  key(): Promise<SessionKey>;
  /** Why it must not be rung now; `undefined`: nothing. @throws what makes that it never may */
  hindrance(): Promise<string | undefined>;
  /** @throws WAKE_UNSAFE when it is not certain that it was rung */
  ring(sentence: string): Promise<void>;
  /** Where it was rung, for people. */
  readonly where: string;
}
