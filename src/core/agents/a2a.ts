import { type A2aCard, type Binding, bindings } from '../../contract/system.ts';
import { isSkill } from '../../model/agent.ts';
import type { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { Session } from '../root/root.ts';
import { resolveAgent } from './agents.ts';
import { operation } from '../root/operation.ts';

export interface A2aOptions {
  /** Where the agent answers: https, or http on this machine. What answers there is not dreamos. */
  readonly url: string;
  /** JSONRPC, if not given. */
  readonly binding?: Binding;
}

const protocolVersion = '1.0';
// A message's body is text: so much is known of every agent.
const usualModes = ['text/plain'];
/** The protocol wants a version of each agent. */
const noVersion = '0.0.0';

/** What the card does not say is left out; where the protocol wants it, the least stands there, with a warning. */
export const a2aCardOf = operation('agent.a2a', a2aCardOfBody);

async function a2aCardOfBody(
  session: Session,
  agent: string,
  { url, binding = 'JSONRPC' }: A2aOptions,
): Promise<A2aCard> {
  checkUrl(url);
  if (!bindings.includes(binding))
    throw usage(`"${binding as string}" is no binding of A2A.`, `One of: ${bindings.join(', ')}.`);
  const card = await resolveAgent(session, agent);
  const { title, version, description, provider, urls, modes } = card;
  const missing = Object.entries({ version, description }).flatMap(([field, value]) => (value ? [] : [field]));
  if (missing.length > 0)
    session.warn(
      `The card of ${card.name} says no ${missing.join(' and no ')}, which A2A wants: what is printed for it says nothing. To say it: dreamos agent register ${card.name} --card '{"version":"1.0.0","description":"..."}'`,
    );
  const skills = (card.skills ?? []).filter(isSkill).map(({ id, name, description: does, tags, examples }) => {
    return { id, name, description: does, tags, ...(examples && { examples }) };
  });
  return {
    name: title ?? card.name,
    description: description || (title ?? card.name),
    supportedInterfaces: [{ url, protocolBinding: binding, protocolVersion }],
    ...(provider && { provider: { url: provider.url, organization: provider.organization } }),
    version: version ?? noVersion,
    ...(urls?.documentation !== undefined && { documentationUrl: urls.documentation }),
    capabilities: {},
    defaultInputModes: modes?.input ?? usualModes,
    defaultOutputModes: modes?.output ?? usualModes,
    skills,
    ...(urls?.icon !== undefined && { iconUrl: urls.icon }),
  };
}

/** @throws USAGE */
function checkUrl(text: string): void {
  if (!URL.canParse(text)) throw badUrl(text, 'it is none');
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') throw badUrl(text, 'everybody would read the password in it');
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isHere))
    throw badUrl(text, 'only https, and http on this machine, keep what is said there from others');
}

function badUrl(text: string, why: string): DreamosError {
  return usage(
    `${JSON.stringify(text)} cannot be the URL of an agent: ${why}.`,
    'Write it as https://agents.example/reviewer',
  );
}
