import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { printDifferences, printHistory, shownValue, side, versionOption } from '../../cli/history/versions.ts';
import { inEditor } from '../../cli/handler/in-editor.ts';
import { countOption, given } from '../../cli/input/parse.ts';
import { nameOf, textOf } from '../../cli/input/text-file.ts';
import type { ConfigDifference, ConfigValue, ConfigVersion } from '../../contract/system.ts';
import { changeConfig, type ConfigChanges, rollbackConfig, unsetConfig } from '../../core/config/change.ts';
import { historyOf } from '../../core/config/history-of.ts';
import { configDiff, configHistory, tellByHand } from '../../core/config/history.ts';
import { getConfig, showConfig } from '../../core/config/show.ts';
import { ConfigUnusable, editableConfig, replaceConfig, validateConfig } from '../../core/config/text.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { settingKeys } from '../../model/settings.ts';

export async function getCommand(context: Context, key: string | undefined): Promise<void> {
  const { output } = context;
  const found = await getConfig(await context.session(), key);
  const [only] = found;
  if (key !== undefined && only) return output.item(only, () => shownValue(only.value));
  await output.rows(found, ['setting', 'value', 'from'], plain);
}

const plain = (setting: ConfigValue): string[] => [setting.key, shownValue(setting.value), setting.source];

export interface ShowOptions {
  origin?: boolean;
  agent?: string;
}

export async function showCommand(
  context: Context,
  keys: readonly string[],
  { origin = false, agent }: ShowOptions,
): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const found = await showConfig(session, keys, { origin, ...given({ agent }) });
  const history = await historyOf(session, 'settings');
  // What cannot be used is told already.
  if (history.now) await tellByHand(session, 'settings', history);
  if (!origin) return output.rows(found, ['setting', 'value', 'from'], plain);
  await output.rows(found, ['setting', 'value', 'from', 'where', 'version', 'by', 'at'], (setting) => [
    ...plain(setting),
    setting.where ?? '',
    String(setting.version ?? ''),
    setting.by ?? '',
    setting.at ?? '',
  ]);
}

export interface ChangeOptions {
  note?: string;
  ifVersion?: string;
}

/** @param words `lease=30m maxAttempts=3`, or `lease 30m` */
export async function setCommand(context: Context, words: readonly string[], options: ChangeOptions): Promise<void> {
  const session = await context.session();
  await tellChanged(context, await changeConfig(session, changesIn(words), changing(options)));
}

export async function unsetCommand(context: Context, keys: readonly string[], options: ChangeOptions): Promise<void> {
  const session = await context.session();
  await tellChanged(context, await unsetConfig(session, keys, changing(options)));
}

function changing({ note, ifVersion }: ChangeOptions) {
  return given({ note, ifVersion: versionOf(ifVersion, '--if-version') });
}

async function tellChanged({ output }: Context, now: readonly ConfigValue[]): Promise<void> {
  for (const one of now)
    await output.outcome(one, () => {
      const { key, value, source, version, unchanged = false } = one;
      return `${key} = ${shownValue(value)} (${source}, version ${version}${unchanged ? ', unchanged' : ''})`;
    });
}

function changesIn(words: readonly string[]): ConfigChanges {
  const [key = '', value, ...more] = words;
  if (!key.includes('=')) {
    if (value !== undefined && more.length === 0) return { [key]: value };
    throw usage(`What ${key} is to be is not said in one word.`, exampleOf(words));
  }
  const pairs = words.map((word): [string, string] => {
    const at = word.indexOf('=');
    if (at < 1) throw usage(`${JSON.stringify(word)} is no key=value.`, 'dreamos config set lease=30m maxAttempts=3');
    return [word.slice(0, at), word.slice(at + 1)];
  });
  const twice = pairs.find(([name], i) => pairs.findIndex(([other]) => other === name) !== i);
  if (twice) throw usage(`${twice[0]} is given twice.`, 'Leave out one of them.');
  return Object.fromEntries(pairs);
}

/** What was most likely meant: `lease 20m maxAttempts 2` are two settings. */
function exampleOf([key = '', value, ...more]: readonly string[]): string {
  if (value === undefined) return `dreamos config set ${key}=<value>`;
  const all = [key, value, ...more];
  const pairs = all.flatMap((word, i) => (i % 2 === 0 ? [`${word}=${quoteWord(all[i + 1] ?? '')}`] : []));
  const areSettings = all.every((word, i) => i % 2 === 1 || (settingKeys as readonly string[]).includes(word));
  return areSettings && all.length % 2 === 0
    ? `dreamos config set ${pairs.join(' ')}`
    : `dreamos config set ${key} '<value>'`;
}

export async function validateCommand(context: Context, file: string | undefined): Promise<void> {
  const session = await context.session();
  const text = file === undefined ? undefined : await textOf(context, file);
  const name = file === undefined ? file : nameOf(file);
  const valid = await validateConfig(session, text, name).catch(async (error: unknown) => {
    const { json, quiet } = context.output;
    if (!(error instanceof ConfigUnusable) || error.faults.length === 1 || json || quiet) throw error;
    for (const fault of error.faults) await context.output.note(harmless(fault));
    const message = `${error.file} cannot be used: ${error.faults.length} things are wrong in it.`;
    throw new DreamosError(error.kind, error.code, message, { hint: ConfigUnusable.next });
  });
  await context.output.item(valid, () => {
    const unknown = valid.unknown ?? [];
    const rest = unknown.length === 0 ? '' : ` Not known here, so they mean nothing: ${harmless(unknown.join(', '))}.`;
    return `${valid.file} can be used: ${counted(valid.settings, 'setting')}.${rest}`;
  });
}

export interface EditOptions {
  file?: string;
  note?: string;
}

export async function editCommand(context: Context, { file, note }: EditOptions): Promise<void> {
  const session = await context.session();
  const before = await editableConfig(session);
  if (file !== undefined) {
    const how = { before, name: nameOf(file), ...given({ note }) };
    return tellVersion(context, await replaceConfig(session, await textOf(context, file), how));
  }
  const { stdin, stdout } = context.around;
  if (stdin.isTTY !== true || stdout.isTTY !== true)
    throw usage('An editor needs a terminal, and there is none.', 'dreamos config edit --file <file>');
  const edited = await inEditor(before.text, 'config.json', context.around.env);
  try {
    if (edited.text === before.text) return await context.output.note('Nothing was changed.');
    await tellVersion(context, await replaceConfig(session, edited.text, { before, ...given({ note }) }));
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind === 'disk') throw error;
    // What somebody has written is not thrown away with a typing mistake in it.
    const path = edited.keep();
    const { kind, code, message } = error;
    const hint = `What you wrote is in ${path}. Mend it there, then: dreamos config edit --file ${quoteWord(path)}`;
    throw new DreamosError(kind, code, message, { hint, cause: error });
  } finally {
    edited.close();
  }
}

export interface AgentOption {
  agent?: string;
}

export async function diffCommand(
  context: Context,
  from: string | undefined,
  to: string | undefined,
  { agent }: AgentOption,
): Promise<void> {
  const { output } = context;
  const [since, until] = [versionOf(from, 'a version'), versionOf(to, 'a version')];
  const differences = await configDiff(await context.session(), since, until, given({ agent }));
  await printDifferences(output, differences, 'setting');
}

export async function historyCommand(
  context: Context,
  { agent, limit }: AgentOption & { limit?: string },
): Promise<void> {
  const { output } = context;
  const options = given({ agent, limit: countOption(limit, '--limit') });
  const versions = await configHistory(await context.session(), options);
  const what = agent === undefined ? 'The settings were' : `The card of ${agent} was`;
  if (versions.length === 0) await output.note(`${what} not changed yet, since changes are kept.`);
  await printHistory(output, versions, ({ changes }) => changes.map(changeText).join(', '));
}

export interface RollbackOptions extends AgentOption {
  note?: string;
  ifVersion?: string;
}

export async function rollbackCommand(
  context: Context,
  text: string,
  { agent, note, ifVersion }: RollbackOptions,
): Promise<void> {
  const version = versionOf(text, 'a version') ?? 0;
  const options = given({ agent, note, ifVersion: versionOf(ifVersion, '--if-version') });
  await tellVersion(context, await rollbackConfig(await context.session(), version, options));
}

async function tellVersion({ output }: Context, version: ConfigVersion | undefined): Promise<void> {
  if (!version) return output.note('Nothing was changed.');
  const changes = version.changes.map(changeText).join(', ');
  await output.outcome(version, () => `Version ${version.version} is in force${changes === '' ? '' : `: ${changes}`}.`);
}

function changeText({ key, from, to }: ConfigDifference): string {
  return `${key} ${side(from)} -> ${side(to)}`;
}

const versionOf = (text: string | undefined, flag: string) => versionOption(text, flag, 'config');

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
