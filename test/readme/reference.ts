/** The library's reference: the interfaces of its face, and of what they take and hand over, as their sources have them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { type Comment, parseSync, type Statement, type TSInterfaceDeclaration, type TSSignature } from 'oxc-parser';
import { metricsFormats } from '../../src/core/metrics/exposition.ts';
import { steps } from '../../src/core/follow/until.ts';
import { withoutOf } from '../../src/model/draft.ts';
import { eventKinds } from '../../src/model/event.ts';
import { priorities } from '../../src/model/message.ts';
import { groupings } from '../../src/model/metrics/numbers.ts';
import { actions } from '../../src/model/security/policy.ts';
import { durabilities, settingKeys } from '../../src/model/settings.ts';
import { signatureStates } from '../../src/model/signed/signature.ts';
import { results, states, taskStates } from '../../src/model/state.ts';

const src = 'src';

interface Source {
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly comments: readonly Comment[];
}

export function reference(): string {
  const face = read('library/dreamos.ts');
  const more = read('library/housekeeping.ts');
  const groups = [
    'library/groups.ts',
    'library/alert-group.ts',
    'library/task-group.ts',
    'library/config-group.ts',
    'library/security-group.ts',
    'library/security/policy.ts',
    'library/security/audit-group.ts',
  ].map(read);
  const members = interfaceIn(face, 'Dreamos').body.body;
  const groupNames = new Map(members.flatMap((member) => groupOf(member)));
  return [
    '## open and init',
    opening(),
    functions(face, 'Dreamos', 'mail', [...groupNames.keys()]),
    ...methods(more, 'Housekeeping', 'mail', []),
    ...[...groupNames].map(([name, type]) => functions(withInterface(groups, type), type, `mail.${name}`, [])),
    '## Exact data',
    exportedFunctions('library/exact-data.ts'),
    '## Drafts, options, results',
    fenced(writtenOut().join('\n\n')),
    '## Results that `--json` prints alike',
    'Their fields are in `dreamos help json`, or whole in `dreamos schema`, under these names.',
    shapes().join('\n'),
  ].join('\n\n');
}

/** What gives the first `Dreamos`, and the error that all functions throw. */
function opening(): string {
  const errors = read('model/errors.ts');
  const fields = errors.statements.flatMap((statement) => {
    const made = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined;
    if (made?.type !== 'ClassDeclaration') return [];
    const members = made.body.body.filter((member) => member.type === 'PropertyDefinition');
    const lines = members.map(({ start, end }) => `  ${errors.text.slice(start, end)}`);
    return [fenced(['class DreamosError extends Error {', ...lines, '}'].join('\n')), docBefore(errors, statement)];
  });
  return [...['library/library.ts', 'library/remote/connect.ts'].map(exportedFunctions), ...fields].join('\n\n');
}

function exportedFunctions(file: string): string {
  const source = read(file);
  const signatures = source.statements.flatMap((statement) => {
    const made = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined;
    if (made?.type !== 'FunctionDeclaration') return [];
    const text = source.text
      .slice(made.start, made.body?.start)
      .replace('async ', '')
      .replace(/: (.+) = \{\}/, '?: $1')
      .trim();
    return [fenced(text), docBefore(source, statement)];
  });
  return signatures.join('\n\n');
}

/** The functions of one interface, each with its signature and what its comment says. */
function functions(source: Source, name: string, path: string, leftOut: readonly string[]): string {
  const declared = interfaceIn(source, name);
  const exported = source.statements.find((one) => 'declaration' in one && one.declaration === declared);
  const said = docBefore(source, exported ?? declared);
  return [`## ${path}`, said, ...methods(source, name, path, leftOut)].join('\n\n');
}

function methods(source: Source, name: string, path: string, leftOut: readonly string[]): string[] {
  const members = interfaceIn(source, name).body.body.filter((member) => !leftOut.includes(nameOf(member)));
  return members.flatMap((member) => {
    const signature = source.text.slice(member.start, member.end).replace(/^readonly |;$/g, '');
    return [`### ${path}.${nameOf(member)}`, fenced(signature), docBefore(source, member)];
  });
}

/** By the file that has them, as src/index.ts exports them. */
function exportedTypes(): { file: string; names: ReadonlySet<string> }[] {
  const index = readFileSync(join(src, 'index.ts'), 'utf8');
  const lines = index.matchAll(/^export (?:type )?(\{[^}]*\}) from '\.\/((?:contract|core|model|storage)\/[^']+)'/gm);
  return [...lines].map(([, names = '', file = '']) => ({ file, names: new Set(names.match(/\b[A-Z]\w*/g)) }));
}

/** The interfaces and types that are written down; the others are made of a shape. */
function writtenOut(): string[] {
  return exportedTypes().flatMap(({ file, names }) => {
    const source = read(file);
    return source.statements.flatMap((statement) => {
      if (statement.type !== 'ExportNamedDeclaration') return [];
      const { declaration } = statement;
      const isType = declaration?.type === 'TSInterfaceDeclaration' || declaration?.type === 'TSTypeAliasDeclaration';
      if (!isType || !names.has(declaration.id.name)) return [];
      const text = source.text.slice(declaration.start, declaration.end);
      if (madeOfShape.test(text)) return [];
      return [`${commentBefore(source, statement)?.text ?? ''}${spelt(text)}`];
    });
  });
}

const madeOfShape = /\bOf<|ReturnType<|MessageFields/;

/** Types that are made of a list, with what the list has. */
function spelt(text: string): string {
  const words = (all: readonly string[]): string => all.map((word) => `'${word}'`).join(' | ');
  const lists: Readonly<Record<string, readonly string[]>> = {
    states,
    results,
    priorities,
    durabilities,
    eventKinds,
    actions,
    steps,
    groupings,
    metricsFormats,
    signatureStates,
    taskStates,
  };
  return text
    .replace(/\(typeof (\w+)\)\[number\]/g, (whole, list: string) => {
      if (!lists[list]) throw new Error(`What is in ${whole} is not known here.`);
      return words(lists[list]);
    })
    .replace('keyof Table', () => words(settingKeys))
    .replace(/DraftFor<'(\w+)'>/g, (_, operation: 'send') => `Omit<Draft, ${words(withoutOf(operation))}>`);
}

/** `SendReceipt` and `send`: the types that are made of a shape, and its name in `help json`. */
function shapes(): string[] {
  const schemas = readFileSync(join(src, 'contract/schemas.ts'), 'utf8');
  const nameOfShape = new Map(
    [...schemas.matchAll(/^ {2}'?([\w-]+)'?: (?:\w+\.)?(\w+)\(\),/gm)].map(([, name, made]) => [made, name]),
  );
  return exportedTypes().flatMap(({ file, names }) => {
    const { text } = read(file);
    return [...names].flatMap((type) => {
      const [, made] = new RegExp(`export type ${type} =[^;]*?typeof (\\w+)>`).exec(text) ?? [];
      const name = type === 'Message' ? 'message' : nameOfShape.get(made);
      return name === undefined ? [] : [`- \`${type}\`: ${name}`];
    });
  });
}

function read(file: string): Source {
  const text = readFileSync(join(src, file), 'utf8');
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  return { text, statements: program.body, comments };
}

function withInterface(sources: readonly Source[], name: string): Source {
  const source = sources.find(({ text }) => text.includes(`export interface ${name} {`));
  if (!source) throw new Error(`There is no interface ${name}.`);
  return source;
}

function interfaceIn({ statements }: Source, name: string): TSInterfaceDeclaration {
  for (const statement of statements) {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined;
    if (declared?.type === 'TSInterfaceDeclaration' && declared.id.name === name) return declared;
  }
  throw new Error(`There is no interface ${name}.`);
}

/** `dlq` and `DeadLetters` of a member that is a group. */
function groupOf(member: TSSignature): [string, string][] {
  if (member.type !== 'TSPropertySignature') return [];
  const type = member.typeAnnotation?.typeAnnotation;
  return type?.type === 'TSTypeReference' && type.typeName.type === 'Identifier'
    ? [[nameOf(member), type.typeName.name]]
    : [];
}

function nameOf(member: TSSignature): string {
  if (
    (member.type === 'TSMethodSignature' || member.type === 'TSPropertySignature') &&
    member.key.type === 'Identifier'
  )
    return member.key.name;
  throw new Error(`A member without a name: ${member.type}.`);
}

function commentBefore(
  { text, comments }: Source,
  node: { start: number },
): { value: string; text: string } | undefined {
  const before = comments.findLast(({ end }) => end <= node.start && text.slice(end, node.start).trim() === '');
  return before && { value: before.value, text: text.slice(before.start, node.start) };
}

/** What a comment says, and a list of what its tags say. */
function docBefore(source: Source, node: { start: number }): string {
  const said = (commentBefore(source, node)?.value ?? '').replace(/^\s*\*+ ?/gm, '').trim();
  const [what = '', ...tags] = said
    .split(/@(?=(?:param|returns|throws) )/)
    .map((part) => part.replace(/\s+/g, ' ').trim());
  const list = tags.map((tag) => {
    const [, kind = '', rest = ''] = /^(\w+) (.*)$/.exec(tag) ?? [];
    if (kind === 'param') return `- ${rest.replace(/^(\w+) /, '`$1`: ')}`;
    return `- ${kind === 'returns' ? 'Returns' : 'Throws'} ${rest}`;
  });
  return [what, list.join('\n')].filter(Boolean).join('\n\n');
}

function fenced(text: string): string {
  return ['```ts', text, '```'].join('\n');
}
