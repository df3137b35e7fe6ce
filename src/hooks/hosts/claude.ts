/** Claude Code. Its hooks' contract: code.claude.com/docs/en/hooks; what is read here was recorded from 2.1.197 and 2.1.332. */
import { fieldsIn, hearAs, type Host, isCleared, refuseAs, tellAs, textIn } from './host.ts';

const moments = {
  SessionStart: 'begin',
  UserPromptSubmit: 'prompt',
  PostToolBatch: 'step',
  Stop: 'rest',
  SessionEnd: 'end',
  PreToolUse: 'edit',
} as const;

export const claude: Host = {
  hear(said, env) {
    const file =
      textIn(fieldsIn(said, 'tool_input'), 'file_path') ?? textIn(fieldsIn(said, 'tool_input'), 'notebook_path');
    return hearAs(said, moments, {
      // `claude -p` and the SDK say otherwise: nobody sits before those, and nothing wakes them.
      interactive: env['CLAUDE_CODE_ENTRYPOINT'] === 'cli',
      forgets: isCleared(said),
      isWake: textIn(said, 'prompt')?.startsWith('<task-notification>') ?? false,
      isHeldUp: said['stop_hook_active'] === true,
      ...(file !== undefined && { files: [file] }),
    });
  },
  tell: tellAs,
  refuse: refuseAs,
  sessionIn: (env) => env['CLAUDE_CODE_SESSION_ID'],
};
