import type { Command } from 'commander';
import { oneOf } from '../../cli/input/parse.ts';
import type { Context } from '../../cli/context.ts';
import { topics } from '../../cli/help/topics.ts';

/** One command with what may follow it, taken from the commander tree, so that a new command completes by itself. */
interface Node {
  /** `archive list`; empty for dreamos itself. */
  readonly path: string;
  readonly verbs: readonly { readonly name: string; readonly about: string }[];
  readonly flags: readonly { readonly flag: string; readonly about: string; readonly takesValue: boolean }[];
}

export async function completionCommand(context: Context, program: Command, shell: string): Promise<void> {
  const nodes = collect(program, '', program);
  const scripts = { bash, zsh, fish };
  const script = scripts[oneOf(shell, ['bash', 'zsh', 'fish'] as const, 'shell with completion')](nodes);
  await context.output.data(script);
}

function collect(command: Command, path: string, program: Command): Node[] {
  const options = command === program ? command.options : [...command.options, ...program.options];
  const node: Node = {
    path,
    verbs: path === 'help' ? [...verbsOf(program), ...topicsAsVerbs] : verbsOf(command),
    flags: options.flatMap((option) =>
      option.long
        ? [{ flag: option.long, about: option.description, takesValue: option.required || option.optional }]
        : [],
    ),
  };
  return [node, ...command.commands.flatMap((verb) => collect(verb, `${path} ${verb.name()}`.trim(), program))];
}

function verbsOf(command: Command): Node['verbs'] {
  return command.commands.map((verb) => ({ name: verb.name(), about: verb.description() }));
}

const topicsAsVerbs = Object.entries(topics).map(([name, about]) => ({ name, about }));

function words({ verbs, flags }: Node): string {
  return [...verbs.map((verb) => verb.name), ...flags.map((flag) => flag.flag), '--help'].join(' ');
}

// The longest known command path among the words typed so far decides; options and their values are passed over.
// `at`, because zsh has plans for `path`.
const findPath = (first: string) => `  local at="" word
  for word in ${first}; do
    case " $paths " in *":\${at:+$at }$word:"*) at="\${at:+$at }$word" ;; esac
  done`;

function bash(nodes: readonly Node[]): string {
  return `# dreamos completion for bash: dreamos completion bash >> ~/.bashrc
_dreamos() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words=""
  local paths="${pathList(nodes)}"
${findPath('"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  case "$at" in
${nodes.map((node) => `    "${node.path}") words="${words(node)}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _dreamos dreamos
`;
}

function zsh(nodes: readonly Node[]): string {
  return `#compdef dreamos
# dreamos completion for zsh: dreamos completion zsh > "\${fpath[1]}/_dreamos"
_dreamos() {
  local known=""
  local paths="${pathList(nodes)}"
${findPath('"${(@)words[2,CURRENT-1]}"')}
  case "$at" in
${nodes.map((node) => `    "${node.path}") known="${words(node)}" ;;`).join('\n')}
  esac
  compadd -- \${=known}
  _files
}
compdef _dreamos dreamos
`;
}

function pathList(nodes: readonly Node[]): string {
  return nodes
    .filter((node) => node.path !== '')
    .map((node) => `:${node.path}:`)
    .join(' ');
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap((node) => {
    const when = condition(node, nodes);
    return [
      ...node.verbs.map((verb) => `complete -c dreamos -n '${when}' -f -a ${verb.name} -d ${quote(verb.about)}`),
      ...node.flags.map(({ flag, about, takesValue }) => {
        return `complete -c dreamos -n '${when}' -l ${flag.slice(2)}${takesValue ? ' -r' : ''} -d ${quote(about)}`;
      }),
    ];
  });
  return `# dreamos completion for fish: dreamos completion fish > ~/.config/fish/completions/dreamos.fish\n${lines.join('\n')}\n`;
}

function condition({ path, verbs }: Node, nodes: readonly Node[]): string {
  if (path === '')
    return `not __fish_seen_subcommand_from ${nodes
      .filter((node) => node.path !== '' && !node.path.includes(' '))
      .map((node) => node.path)
      .join(' ')}`;
  const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  if (verbs.length > 0) seen.push(`not __fish_seen_subcommand_from ${verbs.map((verb) => verb.name).join(' ')}`);
  return seen.join('; and ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
