/** What an agent's card says for who hands out tasks (what it can, how much at once, whom it stands by for), and where it lives. */
import {
  type AgentKind,
  agentKinds,
  agentNamePattern,
  capabilityPattern,
  mostMaxTasks,
  sameAgent,
} from '../../model/agent.ts';
import { cut } from '../../model/basics/text.ts';
import { cardInvalid, withFields } from './card.ts';

/** Each field instead of what it was, `null`: it is taken out. */
export interface Duties {
  readonly kind?: AgentKind | null;
  /** What tasks may ask for, beside the ids and tags of its skills: lower case, at most 32 letters, digits, `-` and `_`. */
  readonly capabilities?: string[];
  /** So many tasks at once; 1, if its card does not say. */
  readonly maxTasks?: number | null;
  /** Agents whose tasks it takes over when they are gone. */
  readonly standbyFor?: string[];
  /** When it is gone itself, its unread mail goes to its standby, too. */
  readonly mailToStandby?: boolean;
  /** It lives in another root, which is called so here: `dreamos bridge` carries its mail there. As an agent's name. */
  readonly at?: string | null;
}

/** Says them of a card. @param exact the name of another agent, as its card has it @throws CARD_INVALID, and what `exact` does */
export async function dutiesSayer(
  { name, kind, capabilities, maxTasks, standbyFor, mailToStandby, at }: Duties & { readonly name: string },
  exact: (agent: string) => Promise<string>,
): Promise<<Card extends object>(card: Card) => Card> {
  if (kind !== undefined && kind !== null && !agentKinds.includes(kind))
    throw cardInvalid(name, `${short(kind)} is no kind of agent`, `One of: ${agentKinds.join(', ')}`);
  for (const one of capabilities ?? []) checkCapability(name, one);
  if (maxTasks !== undefined && maxTasks !== null && !isTaskCount(maxTasks))
    throw cardInvalid(name, `it cannot have ${maxTasks} tasks at once`, `A whole number from 1 to ${mostMaxTasks}`);
  if (at !== undefined && at !== null && !agentNamePattern.test(at))
    throw cardInvalid(
      name,
      `${short(at)} cannot be the name of another root`,
      `It is written as an agent's name: dreamos agent register ${name} --at host-b`,
    );
  const others = standbyFor && (await Promise.all(standbyFor.map(exact)));
  if (others?.some((other) => sameAgent(other, name)))
    throw cardInvalid(name, 'nobody stands by for himself', 'Name another agent; which there are: dreamos agent list');
  const said = {
    kind,
    capabilities: capabilities && unique(capabilities),
    maxTasks,
    standbyFor: others && unique(others),
    mailToStandby,
    at,
  };
  const fields = Object.entries(said).filter(([, value]) => value !== undefined);
  return (card) => withFields(card, Object.fromEntries(fields));
}

function checkCapability(name: string, text: string): void {
  if (capabilityPattern.test(text)) return;
  const lower = text.toLowerCase();
  const meant = capabilityPattern.test(lower) ? `Write it as ${lower}` : undefined;
  const rule =
    'A capability has 1 to 32 lower-case letters, digits, dashes or underscores, and begins with a letter or a digit';
  throw cardInvalid(name, `${short(text)} is no capability`, meant ?? rule);
}

function isTaskCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= mostMaxTasks;
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

function short(text: string): string {
  return JSON.stringify(cut(text, 60));
}
