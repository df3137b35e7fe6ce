/** Codex. Its hooks' contract: developers.openai.com/codex/hooks, and the JSON Schemas in 0.171, which allow no other field. */
import { patchedFile } from '../../model/basics/patched-files.ts';
import { fieldsIn, hearAs, type Host, isCleared, refuseAs, tellAs, textIn } from './host.ts';

const moments = {
  SessionStart: 'begin',
  UserPromptSubmit: 'prompt',
  PostToolUse: 'step',
  Stop: 'rest',
  SessionEnd: 'end',
  PreToolUse: 'edit',
} as const;

export const codex: Host = {
  hear(said) {
    const patch = textIn(fieldsIn(said, 'tool_input'), 'command') ?? '';
    const files =
      said['tool_name'] === 'apply_patch' ? [...patch.matchAll(patchedFile)].map(([, file = '']) => file) : [];
    return hearAs(said, moments, {
      forgets: isCleared(said),
      isHeldUp: said['stop_hook_active'] === true,
      ...(files.length > 0 && { files }),
    });
  },
  tell: tellAs,
  refuse: refuseAs,
  sessionIn: (env) => env['CODEX_THREAD_ID'] ?? env['CODEX_SESSION_ID'],
};
