/**
 * Codex runs a hook that somebody has trusted, and keeps that in its config.toml: `[hooks.state."<file>:<event>:<group>:<index>"]`
 * with a digest, which only Codex can make. So it can be read whether it was asked about a hook, not whether it has changed since.
 */
import type { SetupCheck } from '../contract/reach.ts';
import { known } from './commands.ts';
import { filesOf, type Place, type Scope } from './hosts.ts';

/** @param text of the file of hooks @param textAt reads another file */
export function hooksTrust(
  path: string,
  text: string,
  scope: Scope,
  place: Place,
  textAt: (path: string) => string | undefined,
): SetupCheck {
  const told = { host: 'codex', part: 'trust' } as const;
  const config = filesOf('codex', 'user', place)?.mcp;
  const state = (config === undefined ? undefined : textAt(config)) ?? '';
  const missing = keysIn(path, text).filter((key) => !state.includes(`"${key}"`));
  if (missing.length > 0) {
    const message = `Codex has not been told to trust ${missing.length} of its hooks, and runs none of these.`;
    return { ...told, ok: false, message, hint: 'Start codex in this folder, and choose "Trust" when it asks.' };
  }
  const isTrusted = scope === 'user' || isTrustedProject(state, place.project);
  const message = isTrusted
    ? 'Codex was asked about each of its hooks; whether one has changed since, only Codex can tell.'
    : `Codex does not trust ${place.project}, and reads no hooks in it.`;
  return { ...told, ok: isTrusted, message, ...(!isTrusted && { hint: 'Start codex in this folder, and trust it.' }) };
}

function keysIn(path: string, text: string): string[] {
  const { hooks = {} } = JSON.parse(text) as { hooks?: Record<string, { hooks?: { command?: unknown }[] }[]> };
  return Object.entries(hooks).flatMap(([event, groups]) =>
    groups.flatMap(({ hooks: inner = [] }, group) =>
      inner.flatMap(({ command }, index) =>
        !known(command, 'codex') ? [] : [`${path}:${inSnake(event)}:${group}:${index}`],
      ),
    ),
  );
}

const inSnake = (event: string): string => event.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

function isTrustedProject(config: string, project: string): boolean {
  const [, table] = config.split(`[projects.${JSON.stringify(project)}]`);
  return table !== undefined && /^\s*trust_level\s*=\s*"trusted"/m.test(table.split(/^\s*\[/m)[0] ?? '');
}
