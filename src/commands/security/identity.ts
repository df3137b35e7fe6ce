import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import type { Identity } from '../../contract/security/identity.ts';
import {
  createIdentity,
  type RevokeOptions,
  revokeIdentity,
  rotateIdentity,
  showIdentity,
} from '../../core/identity/identity.ts';
import { listIdentities } from '../../core/identity/list.ts';

export async function createCommand(context: Context, name: string | undefined): Promise<void> {
  const session = await context.session();
  const made = await createIdentity(session, await context.mailbox(name, 'identity create'));
  const says = made.created ? 'has the key' : 'had its key already,';
  await context.output.outcome(made, () => harmless(`${made.agent} ${says} ${made.key}.`));
  if (made.private !== undefined)
    await context.output.note(harmless(`Its private half, which only you may read: ${made.private}`));
}

export async function listCommand(context: Context): Promise<void> {
  const { output } = context;
  const all = await listIdentities(await context.session());
  if (all.length === 0) return output.note(`No agent has a key yet: dreamos identity create <agent>${context.flags()}`);
  await output.rows(all, ['agent', 'key', 'since', 'state', 'private half'], (one) => [
    one.agent,
    one.key,
    one.since,
    one.state === 'new' ? 'not trusted yet' : one.state,
    one.private === undefined ? '-' : 'here',
  ]);
}

export async function rotateCommand(context: Context, name: string | undefined): Promise<void> {
  const session = await context.session();
  const now = await rotateIdentity(session, await context.mailbox(name, 'identity rotate'));
  await context.output.outcome(now, () =>
    harmless(`${now.agent} has the key ${now.key} now; ${now.keys[0]?.by} has signed for it.`),
  );
}

export async function revokeCommand(context: Context, name: string | undefined, options: RevokeOptions): Promise<void> {
  const session = await context.session();
  const now = await revokeIdentity(session, await context.mailbox(name, 'identity revoke'), options);
  await context.output.outcome(now, () =>
    harmless(
      now.changed
        ? `Revoked ${now.revoked} of ${now.agent}: nothing that it has signed is believed any more.`
        : `${now.revoked} of ${now.agent} was revoked before.`,
    ),
  );
  if (now.state === 'revoked')
    await context.output.note(`To give it another: dreamos identity create ${now.agent}${context.flags()}`);
}

export async function showCommand(context: Context, name: string | undefined): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const shown = await showIdentity(session, await context.mailbox(name, 'identity show'));
  if (output.json) return output.item(shown, () => '');
  if (shown.keys.length === 0) {
    await output.item(shown, () => harmless(`${shown.agent} has no key.`));
    return output.note(`To make one: dreamos identity create ${shown.agent}${context.flags()}`);
  }
  await output.rows(shown.keys, ['key', 'since', 'state', 'after'], (key) => [
    key.id,
    key.since,
    stateOf(key, shown),
    key.by ?? '',
  ]);
  await output.note(harmless(whereOf(shown)));
  if (shown.state === 'changed')
    await output.note(`Ask its owner; if it is right: dreamos trust accept ${shown.agent}${context.flags()}`);
}

function stateOf({ id, state, revokedAt }: Identity['keys'][number], { key, state: current }: Identity): string {
  if (revokedAt !== undefined) return `revoked ${revokedAt}`;
  return id === key && current === 'new' ? 'not trusted yet' : state;
}

function whereOf({ private: path, root }: Identity): string {
  const half = path === undefined ? 'Its private half is not here.' : `Its private half: ${path}`;
  return `${half} (root ${root})`;
}
