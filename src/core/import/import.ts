/**
 * Brings in the mailboxes of the older formats. The older tree is only read. Each message gets an id that depends on
 * nothing but where it was and its bytes, so that a second run finds what the first one brought.
 *
 * Whose mailbox: the recipient that the message names, else the agent in whose folder it lies (import/agent-folders.ts).
 * What cannot be read is listed with the reason, and its bytes are kept with that mailbox's corrupt ones.
 */
import type { ImportResult } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { type AgentCard, agentNamePattern } from '../../model/agent.ts';
import { openSourceTree, type SourceEntry, type SourceTree } from '../../storage/file/disk/foreign/source-tree.ts';
import { agentFolders, treeNameOf } from './agent-folders.ts';
import { whileLocked } from './while-locked.ts';
import { type Imported, Importer } from './importer.ts';
import { contentOfId } from './to-message.ts';
import { nameHint } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import type { Lock } from '../../storage/port/documents.ts';
import type { ImportOptions } from './result.ts';
import { states } from '../../model/state.ts';
import { eachOf } from '../root/operation.ts';

const importFormats = ['auto', 'dreamos-lenient'] as const;
type ImportFormat = (typeof importFormats)[number];

export const importTree = eachOf('import', importTreeBody);

async function* importTreeBody(
  session: Session,
  dir: string,
  options: ImportOptions = {},
): AsyncGenerator<ImportResult> {
  const lenient = checkFormat(options.format ?? 'auto') === 'dreamos-lenient';
  const maps = checkMaps(options.maps ?? {});
  const tree = await openSourceTree(dir);
  const run = (lock?: Lock): AsyncGenerator<ImportResult> =>
    importAll(session, tree, { ...options, lenient, maps, lock });
  yield* options.dryRun ? run() : whileLocked(session.store, run);
}

interface Plan extends Omit<ImportOptions, 'maps'> {
  readonly lenient: boolean;
  readonly maps: ReadonlyMap<string, string>;
  /** Absent in a dry run. */
  readonly lock: Lock | undefined;
}

async function* importAll(session: Session, tree: SourceTree, plan: Plan): AsyncGenerator<ImportResult> {
  const cards = await session.store.documents.listAgents();
  const known = new Set(cards.map(({ name }) => name.toLowerCase()));
  const treeName = treeNameOf(tree.path);
  const paths = tree.entries.map(({ path }) => path);
  const folderOf = agentFolders(
    paths,
    treeName,
    (name) => plan.maps.has(name) || known.has(name.toLowerCase()),
    tree.path.slice(tree.path.lastIndexOf('/') + 1),
  );
  const importer = new Importer(session, tree, {
    ...plan,
    treeName,
    folderOf,
    cards,
    imported: await alreadyImported(session, cards),
  });
  let done = 0;
  for (const entry of tree.entries) {
    yield* entry.kind === 'file' ? importer.file(entry) : [passed(entry)];
    plan.onProgress?.(++done, tree.entries.length);
  }
  yield* importer.deliver();
  for (const note of importer.notes()) plan.onNote?.(note);
}

function passed({ path, why, failed }: SourceEntry & { kind: 'passed' }): ImportResult {
  return { file: path, result: failed ? 'unreadable' : 'skipped', why };
}

// One listing of everything instead of a search for each message, which would cost as much every time.
async function alreadyImported(session: Session, cards: readonly AgentCard[]): Promise<Map<string, Imported>> {
  const found = new Map<string, Imported>();
  for (const { name: mailbox } of cards) {
    for (const state of states) {
      for await (const { id } of session.store.look.list(mailbox, state)) found.set(contentOfId(id), { id, mailbox });
    }
  }
  return found;
}

function checkFormat(format: string): ImportFormat {
  const known = importFormats.find((each) => each === format);
  if (known) return known;
  throw usage(`"${format}" is not a format to import from.`, `Say \`format\` ${importFormats.join(' or `format` ')}.`);
}

function checkMaps(maps: Readonly<Record<string, string>>): Map<string, string> {
  for (const [from, to] of Object.entries(maps)) {
    if (agentNamePattern.test(to)) continue;
    throw new DreamosError('invalid', 'NAME_INVALID', `"${to}", to which ${from} is mapped, is not an agent's name.`, {
      hint: nameHint,
    });
  }
  return new Map(Object.entries(maps));
}
