/** git's pre-commit, which says which of the staged files others have reserved. What was there before runs first. */
import { quoteWord } from '../model/basics/shell-word.ts';
import type { Caller } from './commands.ts';

/** Beside ours: what was there before. */
export const before = 'pre-commit.before-dreamos';

/** So many of what others have are named. */
const mostLines = 20;

export function preCommit({ program, as, root }: Caller): string {
  const where = root === undefined ? '' : ` --root ${quoteWord(root)}`;
  const who = as === undefined ? '' : `: "\${DREAMOS_AGENT:=${as}}"; export DREAMOS_AGENT\n`;
  return `#!/bin/sh
# {{signed}}
# Written by "dreamos setup --guard"; "dreamos setup --uninstall" takes it away. First what was here before, then a
# warning of staged files that others have reserved. DREAMOS_GUARD=block: then there is no commit; off: no look.
before=$(dirname "$0")/${before}
if [ -x "$before" ]; then "$before" "$@" || exit $?; fi
[ "$DREAMOS_GUARD" = off ] && exit 0
command -v ${quoteWord(program)} >/dev/null 2>&1 || exit 0
${who}git diff --cached --name-only --no-renames -z | xargs -0 sh -c '
  [ $# -eq 0 ] && exit 0
  held=$("$0" reserve check --literal${where.replaceAll("'", `'\\''`)} -- "$@" 2>/dev/null)
  [ $? -eq 5 ] || exit 0
  # Who has which and until when, a line each. The error has the words of who reserved it: they are no part of this.
  printf "%s\\n" "$held" | grep -v -e " free$" -e " yours$" |
    sed -e "${mostLines + 1}s/.*/and more: dreamos reserve list/" -e ${mostLines + 1}q >&2
  exit 1
' ${quoteWord(program)}
# What xargs says when one of its commands has failed; without git or xargs there is no commit to hold up.
[ $? -eq 123 ] && [ "$DREAMOS_GUARD" = block ] || exit 0
echo 'No commit: DREAMOS_GUARD=block. With only a warning: DREAMOS_GUARD=warn git commit ...' >&2
exit 1
`;
}
