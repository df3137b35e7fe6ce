/** Cursor. Its hooks' contract as others describe it (cursor.com/docs/agent/hooks); it was not tried against the program. */
import { type Host, isSentence, textIn } from './host.ts';

const moments = {
  sessionStart: 'begin',
  beforeSubmitPrompt: 'prompt',
  postToolUse: 'step',
  stop: 'rest',
  sessionEnd: 'end',
} as const;

export const cursor: Host = {
  hear(said) {
    const event = textIn(said, 'hook_event_name');
    const session = textIn(said, 'conversation_id') ?? textIn(said, 'session_id');
    if (event === undefined || session === undefined || !Object.hasOwn(moments, event)) return undefined;
    const roots = said['workspace_roots'];
    const [cwd] = Array.isArray(roots) ? (roots as unknown[]) : [];
    return {
      event,
      session,
      moment: moments[event as keyof typeof moments],
      cwd: typeof cwd === 'string' ? cwd : undefined,
      interactive: true,
      isWake: isSentence(textIn(said, 'prompt')),
      // It counts itself how often a stop hook went on (`loop_limit`).
      isHeldUp: Number(said['loop_count'] ?? 0) >= mostLoops,
    };
  },
  tell({ moment }, sentence) {
    if (moment === 'rest') return { followup_message: sentence };
    // What it is told at a prompt goes nowhere.
    return moment === 'prompt' ? undefined : { additional_context: sentence };
  },
  sessionIn: () => undefined,
};

const mostLoops = 3;
