/** Gemini CLI. Its hooks' contract lies in @google/gemini-cli (docs/hooks); what is read here was recorded from 0.61. */
import { fieldsIn, hearAs, type Host, isCleared, tellAs, textIn } from './host.ts';

const moments = {
  SessionStart: 'begin',
  BeforeAgent: 'prompt',
  AfterTool: 'step',
  AfterAgent: 'rest',
  SessionEnd: 'end',
  BeforeTool: 'edit',
} as const;

export const gemini: Host = {
  hear(said) {
    const file = textIn(fieldsIn(said, 'tool_input'), 'file_path');
    return hearAs(said, moments, {
      forgets: isCleared(said),
      isHeldUp: said['stop_hook_active'] === true,
      ...(file !== undefined && { files: [file] }),
    });
  },
  // What it is told when it clears goes nowhere.
  tell: (heard, sentence) => (heard.moment === 'begin' && heard.isClear === true ? undefined : tellAs(heard, sentence)),
  refuse: (_, why) => ({ decision: 'deny', reason: why }),
  // Only its hooks are told (GEMINI_SESSION_ID); what its model runs is not.
  sessionIn: (env) => env['GEMINI_SESSION_ID'],
};
