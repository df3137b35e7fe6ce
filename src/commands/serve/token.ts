import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import { orTell } from '../../cli/unwritten.ts';
import { createToken, endToken, listTokens, revokeToken } from '../../core/tokens/tokens.ts';

export async function createCommand(
  context: Context,
  name: string | undefined,
  options: { expires?: string },
): Promise<void> {
  const expiresMs = durationOption(options.expires, '--expires');
  const session = await context.session();
  const agent = await context.mailbox(name, 'token create', '', 'as which agent its holder acts');
  const made = await createToken(session, agent, given({ expiresMs }));
  const { output } = context;
  const written = output
    .item(made, () => made.token)
    .catch(async (error: unknown) => {
      // Nobody has seen it, and nobody ever will.
      await endToken(session, made.id);
      throw error;
    });
  const told = () => `The token of ${made.agent} could not be written out, so it was ended.`;
  await orTell(written, told, 'The same again makes another');
  const until = made.expiresAt === null ? 'until it is revoked' : `until ${made.expiresAt}`;
  await output.note(
    harmless(
      `Who has it acts as ${made.agent}, ${until}; it is shown only now. To end it: dreamos token revoke ${made.agent} --id ${made.id}${context.flags()}`,
    ),
  );
}

export async function listCommand(context: Context, name: string | undefined): Promise<void> {
  const { output } = context;
  const tokens = await listTokens(await context.session(), name);
  await output.rows(tokens, ['id', 'agent', 'made', 'by', 'holds'], ({ id, agent, madeAt, by, expiresAt, expired }) => [
    id,
    agent,
    madeAt,
    by ?? '-',
    expired ? `expired ${expiresAt}` : `until ${expiresAt ?? 'revoked'}`,
  ]);
  if (tokens.length > 0) return;
  const whose = name === undefined ? 'There are no tokens' : harmless(`${name} has no token`);
  const example = await context.example((agent) => `token create ${name ?? agent}`);
  await output.note(`${whose}. ${example}${context.flags()}`);
}

export async function revokeCommand(
  context: Context,
  name: string | undefined,
  options: { id?: string },
): Promise<void> {
  const session = await context.session();
  const agent = await context.mailbox(name, 'token revoke', '', "which agent's tokens are meant");
  const revoked = await revokeToken(session, agent, options);
  for (const one of revoked) await context.output.outcome(one, () => harmless(`Revoked ${one.id} of ${one.agent}.`));
}
