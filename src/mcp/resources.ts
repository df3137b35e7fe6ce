/** Mailboxes and messages as resources, for clients that show them; and what has changed in them. */
import { ProtocolError, ProtocolErrorCode, type ReadResourceResult, type Resource } from '@modelcontextprotocol/server';
import type { Context } from '../cli/context.ts';
import { harmless, harmlessJson } from '../cli/harmless.ts';
import { signatureLine } from '../cli/show/message-view.ts';
import type { OperationName } from '../contract/operations.ts';
import { listAgents } from '../core/agents/agents.ts';
import { watch } from '../core/follow/watch.ts';
import { show } from '../core/look/show.ts';
import { admit } from '../core/root/operation.ts';
import type { Session } from '../core/root/root.ts';
import { isQueue } from '../model/agent.ts';
import { usage } from '../model/refusals.ts';
import type { Call } from './call.ts';
import { mailList } from './look.ts';
import { fitted, viewOf } from './words.ts';

const mailboxes = 'dreamos://mailbox/';
const messages = 'dreamos://message/';

export const resourceTemplates = [
  {
    name: 'mailbox',
    title: 'A mailbox',
    uriTemplate: `${mailboxes}{agent}`,
    description: 'What is ready, delayed and inflight, as JSON',
    mimeType: 'application/json',
  },
  {
    name: 'message',
    title: 'A message',
    uriTemplate: `${messages}{id}`,
    description: 'One message, wherever it is, its words between fences',
    mimeType: 'text/markdown',
  },
];

export async function listResources(session: Session): Promise<Resource[]> {
  const agents = (await listAgents(await admit(session, 'agent.list'))).filter(
    (card) => !card.retiredAt && !isQueue(card),
  );
  return agents.map(({ name }) => ({
    uri: `${mailboxes}${name}`,
    name,
    title: `Mailbox of ${name}`,
    mimeType: 'application/json',
  }));
}

/** What reading one is, as policy and audit call it. */
export function operationOf(uri: string): OperationName {
  return uri.startsWith(mailboxes) ? 'list' : 'show';
}

/** @throws as the looks at them */
export async function readResource(call: Call, uri: string): Promise<ReadResourceResult> {
  const { session, context } = call;
  if (uri.startsWith(mailboxes)) {
    const { value } = await mailList(call, { mailbox: decodeURIComponent(uri.slice(mailboxes.length)) });
    return { contents: [{ uri, mimeType: 'application/json', text: harmlessJson(value) }] };
  }
  if (!uri.startsWith(messages))
    throw usage(
      `There is no resource ${JSON.stringify(harmless(uri))}.`,
      `There are ${mailboxes}<agent> and ${messages}<id>.`,
    );
  const found = await show(session, decodeURIComponent(uri.slice(messages.length)));
  const {
    messages: [message = found.message],
    rest,
  } = fitted([found.message], context.flags());
  const where = found.entries.map(({ mailbox, state }) => `${mailbox}: ${state}`).join(', ');
  const text = viewOf(message, rest[0] ?? '', [...signatureLine(found), ['Where', where]], session.clock.now());
  return { contents: [{ uri, mimeType: 'text/markdown', text }] };
}

/** What a client is told that asked for a resource. */
export function refusalOf(code: string, message: string, hint: string | undefined): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `${code}: ${message}`, { code, hint: hint ?? null });
}

/** Tells of each mailbox and message that something has happened to, from `begin` on. */
export interface Updates {
  /** Once it returns nothing falls into a gap. Its failure is told, and the next one tries again. */
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** @param open a context of its own, which it closes @param changed called with a URI */
export function createUpdates(open: (signal: AbortSignal) => Context, changed: (uri: string) => void): Updates {
  const ended = new AbortController();
  let running: Promise<void> | undefined;
  let ready: Promise<void> | undefined;

  const follow = async (onReady: () => void): Promise<void> => {
    const context = open(ended.signal);
    try {
      const session = await context.session();
      const since = await session.store.journal.cursor(undefined, 'now');
      onReady();
      for await (const { mailbox, id } of watch(session, { since, signal: ended.signal, onWarning: session.warn })) {
        changed(`${mailboxes}${mailbox}`);
        changed(`${messages}${id}`);
      }
    } catch (error) {
      await context.output.error(error);
    } finally {
      running = ready = undefined;
      onReady();
      await context.close();
    }
  };
  return {
    begin: () =>
      (ready ??= new Promise((resolve) => {
        running = follow(resolve);
      })),
    end: async () => {
      ended.abort();
      await running;
    },
  };
}
