import type { Moment } from '../../core/reach/sessions.ts';

/** What a tool tells a hook. */
export interface Heard {
  /** The tool's own name of the event, which its answer has to repeat. */
  readonly event: string;
  readonly session: string;
  readonly moment: Moment | 'edit';
  readonly cwd?: string | undefined;
  readonly interactive: boolean;
  /** The model has forgotten what it was told before. */
  readonly forgets?: boolean;
  /** It ends or begins only because its model was made to forget: it goes on, and most tools give it a new id. */
  readonly isClear?: boolean;
  /** The prompt is one by which the session was woken: nobody typed it. */
  readonly isWake?: boolean;
  /** The end of the turn was held up by a hook already. */
  readonly isHeldUp?: boolean;
  /** A subagent has its work from here on, or no longer. */
  readonly delegates?: boolean;
  /** The files that are about to be changed. */
  readonly files?: readonly string[];
}

/** An agent's tool, as far as its hooks go. */
export interface Host {
  /**
   * What a hook was told; `undefined`: nothing that concerns the agent itself (a subagent's, an event that is not known).
   * @param said the JSON that the tool gave, of any shape
   */
  hear(said: Fields, env: NodeJS.ProcessEnv): Heard | undefined;
  /** How the tool takes a sentence for its model at this moment; `undefined`: it takes none. */
  tell(heard: Heard, sentence: string): object | undefined;
  /** How it takes that a change of files must not be. */
  refuse?(heard: Heard, why: string): object;
  /** What among the surroundings of a command that its model runs says which session it is. */
  sessionIn(env: NodeJS.ProcessEnv): string | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

export function textIn(said: Fields, name: string): string | undefined {
  const value = said[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function fieldsIn(said: Fields, name: string): Fields {
  const value = said[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** What most tools have in common: their names of the moments, and `session_id` and `cwd`. */
export function hearAs(
  said: Fields,
  moments: Readonly<Record<string, Heard['moment']>>,
  more: Partial<Heard> = {},
): Heard | undefined {
  const event = textIn(said, 'hook_event_name');
  const session = textIn(said, 'session_id');
  const moment = event !== undefined && Object.hasOwn(moments, event) ? moments[event] : undefined;
  if (event === undefined || session === undefined || moment === undefined) return undefined;
  // A subagent is not the one whose mail it is; the files that it changes are others' all the same.
  if (moment !== 'edit' && textIn(said, 'agent_id') !== undefined) return undefined;
  const isWake = more.isWake === true || isSentence(textIn(said, 'prompt'));
  const isClear = said['source'] === 'clear' || said['reason'] === 'clear';
  return { event, session, moment, cwd: textIn(said, 'cwd'), interactive: true, isClear, ...more, isWake };
}

/** How most of them take a sentence: beside what the model reads, and at the end of a turn as the reason to go on. */
export function tellAs({ event, moment }: Heard, sentence: string): object {
  if (moment === 'rest') return { decision: 'block', reason: sentence };
  return { hookSpecificOutput: { hookEventName: event, additionalContext: sentence } };
}

export function refuseAs({ event }: Heard, why: string): object {
  return {
    hookSpecificOutput: { hookEventName: event, permissionDecision: 'deny', permissionDecisionReason: why },
  };
}

export function isCleared(said: Fields): boolean {
  return said['source'] === 'clear' || said['source'] === 'compact';
}

/** Whether a prompt is the sentence of ../sentence.ts: some tools give it back as if somebody had typed it. */
export function isSentence(prompt: string | undefined): boolean {
  return (
    prompt !== undefined && /^dreamos: \S+ has (over )?\d+ unread message.* not from the user\.$/.test(prompt.trim())
  );
}
