/** Gemini CLI. Its hooks' contract lies in @google/gemini-cli (docs/hooks); what is read here was recorded from 0.61. */
import { fieldsIn, hearAs, type Host, isCleared, tellAs, textIn } from './host.ts';

const moments = {
  SessionStart: 'begin',
  BeforeAgent: 'prompt',
  AfterTool: 'step',
  AfterAgent: 'rest',
  SessionEnd: 'end',
  PreCompress: 'begin',
  BeforeTool: 'edit',
} as const;

export const gemini: Host = {
  hear(said) {
    const isCompressed = said['hook_event_name'] === 'PreCompress';
    // Before each turn it tells that it might compress (`auto`), and not whether it does.
    if (isCompressed && said['trigger'] !== 'manual') return undefined;
    const file = textIn(fieldsIn(said, 'tool_input'), 'file_path');
    // It tells of a subagent's steps as of its own, so they are known by being between these two.
    const delegates = said['tool_name'] === 'invoke_agent' && said['hook_event_name'] === 'BeforeTool';
    return hearAs(said, moments, {
      ...(said['tool_name'] === 'invoke_agent' && { moment: 'step', delegates }),
      forgets: isCompressed || isCleared(said),
      isHeldUp: said['stop_hook_active'] === true,
      ...(file !== undefined && { files: [file] }),
    });
  },
  // What it is told when it clears or compresses goes nowhere.
  tell: (heard, sentence) => (heard.moment === 'begin' && heard.forgets === true ? undefined : tellAs(heard, sentence)),
  refuse: (_, why) => ({ decision: 'deny', reason: why }),
  // Only its hooks are told (GEMINI_SESSION_ID); what its model runs is not.
  sessionIn: (env) => env['GEMINI_SESSION_ID'],
};
