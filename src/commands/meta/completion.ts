import type { Command } from 'commander';
import { oneOf } from '../../cli/input/parse.ts';
import type { Context } from '../../cli/context.ts';
import { topics } from '../../cli/help/topics.ts';
import { type Kind, kindOfValue, kinds, kindsOf, printNames } from '../../cli/help/completion-names.ts';

/** One command with what may follow it, taken from the commander tree, so that a new command completes by itself. */
interface Node {
  /** `archive list`; empty for dreamos itself. */
  readonly path: string;
  readonly verbs: readonly { readonly name: string; readonly about: string }[];
  readonly flags: readonly {
    readonly flag: string;
    readonly about: string;
    readonly takesValue: boolean;
    /** What its value stands for. */
    readonly kind: Kind | undefined;
  }[];
  /** What its arguments stand for, asked of the root when somebody completes. */
  readonly kinds: readonly Kind[];
}

export async function completionCommand(context: Context, program: Command, shell: string): Promise<void> {
  // What the scripts ask for is for them alone.
  const kind = kinds.find((one) => one === shell);
  if (kind !== undefined) return printNames(context, kind);
  const asked = oneOf(shell, ['bash', 'zsh', 'fish'] as const, 'shell with completion');
  const scripts = { bash, zsh, fish };
  await context.output.data(scripts[asked](collect(program, '', program)));
}

function collect(command: Command, path: string, program: Command): Node[] {
  const options = command === program ? command.options : [...command.options, ...program.options];
  const node: Node = {
    path,
    verbs: path === 'help' ? helpedWith(program) : verbsOf(command),
    flags: options.flatMap((option) =>
      option.long
        ? [
            {
              flag: option.long,
              about: option.description,
              takesValue: option.required || option.optional,
              kind: kindOfValue(option.flags),
            },
          ]
        : [],
    ),
    kinds: kindsOf(command),
  };
  return [node, ...command.commands.flatMap((verb) => collect(verb, `${path} ${verb.name()}`.trim(), program))];
}

function verbsOf(command: Command): Node['verbs'] {
  return command.commands.map((verb) => ({ name: verb.name(), about: verb.description() }));
}

function helpedWith(program: Command): Node['verbs'] {
  const pages = Object.entries(topics).map(([name, about]) => ({ name, about }));
  return [...verbsOf(program).filter(({ name }) => !Object.hasOwn(topics, name)), ...pages];
}

function words({ verbs, flags }: Node): string {
  return [...verbs.map((verb) => verb.name), ...flags.map((flag) => flag.flag), '--help'].join(' ');
}

// The longest known command path among the words typed so far decides; options and their values are passed over.
// `at`, because zsh has plans for `path`.
const findPath = (first: string) => `  local at="" word
  for word in ${first}; do
    case " $paths " in *":\${at:+$at }$word:"*) at="\${at:+$at }$word" ;; esac
  done`;

/** Behind an option comes its value, and no argument: branches of `case`. Of an option that takes none somewhere nobody knows. */
function valueCases(nodes: readonly Node[]): string {
  const flags = nodes.flatMap((node) => node.flags);
  const alone = new Set(flags.filter(({ takesValue }) => !takesValue).map(({ flag }) => flag));
  const kindOf = new Map(flags.filter(({ flag }) => !alone.has(flag)).map(({ flag, kind }) => [flag, kind ?? '']));
  return [...new Set(kindOf.values())]
    .map((kind) => {
      const those = [...kindOf.keys()].filter((flag) => kindOf.get(flag) === kind);
      return `    ${those.join('|')}) known=""; kinds="${kind}" ;;`;
    })
    .join('\n');
}

function cases(nodes: readonly Node[]): string {
  return nodes
    .map((node) => `    "${node.path}") known="${words(node)}"; kinds="${node.kinds.join(' ')}" ;;`)
    .join('\n');
}

// bash takes an @ for the end of a word, so what is completed behind one is its rest.
function bash(nodes: readonly Node[]): string {
  return `# dreamos completion for bash: dreamos completion bash >> ~/.bashrc
_dreamos() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" known="" kinds="" kind at_sign=""
  if [[ "$prev" == @ ]]; then cur="@$cur"; at_sign=@; elif [[ "$cur" == @ ]]; then at_sign=@; fi
  local paths="${pathList(nodes)}"
${findPath('"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  case "$at" in
${cases(nodes)}
  esac
  case "$prev" in
${valueCases(nodes)}
  esac
  case "$cur" in -*) kinds="" ;; *) [[ -n "$kinds" ]] && known="" ;; esac
  for kind in $kinds; do known="$known $(dreamos completion $kind 2>/dev/null)"; done
  COMPREPLY=($(compgen -W "$known" -- "$cur"))
  [[ -n "$at_sign" && "$COMP_WORDBREAKS" == *@* ]] && COMPREPLY=("\${COMPREPLY[@]#@}")
  return 0
}
complete -o default -F _dreamos dreamos
`;
}

function zsh(nodes: readonly Node[]): string {
  return `#compdef dreamos
# dreamos completion for zsh: dreamos completion zsh > "\${fpath[1]}/_dreamos"
_dreamos() {
  local known="" kinds="" kind
  local paths="${pathList(nodes)}"
${findPath('"${(@)words[2,CURRENT-1]}"')}
  case "$at" in
${cases(nodes)}
  esac
  case "\${words[CURRENT-1]}" in
${valueCases(nodes)}
  esac
  case "\${words[CURRENT]}" in -*) kinds="" ;; *) [[ -n "$kinds" ]] && known="" ;; esac
  for kind in \${=kinds}; do known="$known $(dreamos completion $kind 2>/dev/null)"; done
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
      ...node.kinds.map((kind) => `complete -c dreamos -n '${when}' -f -a '(dreamos completion ${kind} 2>/dev/null)'`),
      ...node.flags.map(({ flag, about, takesValue, kind }) => {
        const value = kind ? ` -x -a '(dreamos completion ${kind} 2>/dev/null)'` : takesValue ? ' -r' : '';
        return `complete -c dreamos -n '${when}' -l ${flag.slice(2)}${value} -d ${quote(about)}`;
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
