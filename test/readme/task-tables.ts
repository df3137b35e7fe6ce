import { columns } from '../../src/cli/help/columns.ts';
import { ownMoves, stateMeanings, taskMoveNames, taskMoves, taskStates } from '../../src/model/state.ts';

export function taskStateTable(): string {
  return fenced(taskStates.map((state): [string, string] => [state, stateMeanings[state]]));
}

/** What somebody does, and then what happens by itself. */
export function taskMoveTable(): string {
  const said = taskMoveNames.map((name): [string, string] => {
    const { from, to } = taskMoves[name];
    return [`task ${name}`, `${from.join(', ')} -> ${to.join(' or ')}`];
  });
  const own = ownMoves.map(({ from, to, when }): [string, string] => ['by itself', `${from} -> ${to}: ${when}`]);
  return fenced([...said, ...own]);
}

function fenced(rows: [string, string][]): string {
  return `\`\`\`text\n${columns(rows, Math.max(...rows.map(([name]) => name.length)))}\n\`\`\``;
}
