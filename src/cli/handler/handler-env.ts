import type { Session } from '../../core/root/root.ts';
import type { TraceContext } from '../../model/trace/trace-context.ts';
import { harmless } from '../harmless.ts';
import type { Delivery } from '../../storage/port/mail.ts';

// The kernel refuses a variable of 128 KiB, and with it every start of the command.
const mostCharacters = 4096;

/**
 * The environment of a handler: the worker's own, the root, the agent and its label for its `dreamos` commands, and the message's
 * short fields and its trace, never body or data. Control characters in them are written out, as on a terminal; empty is what the
 * message does not have or what is too long; stdin has everything as it is.
 */
export function handlerEnv(
  env: NodeJS.ProcessEnv,
  session: Session,
  job: Delivery,
  trace: TraceContext | undefined,
): NodeJS.ProcessEnv {
  const { message } = job;
  // Not those of a worker that this one itself is a handler of, nor the trace in which the worker was started.
  const outer = Object.entries(env).filter(([name]) => !/^(?:DREAMOS_MSG_|TRACEPARENT$|TRACESTATE$)/.test(name));
  const fields = {
    ID: message.id,
    FROM: message.from,
    SUBJECT: message.subject,
    TYPE: message.type,
    PRIORITY: message.priority,
    THREAD: message.thread ?? '',
    REPLY_TO: message.replyTo ?? '',
    TOPIC: message.topic ?? '',
    ORDERING_KEY: message.orderingKey ?? '',
    CREATED_AT: message.createdAt,
    EXPIRES_AT: message.expiresAt ?? '',
    SEALED: job.unsealed ? 'opened' : (message.sealed ?? ''),
    MAILBOX: job.mailbox,
    ATTEMPT: String(job.attempt),
    RECEIPT: job.receipt,
    SIGNATURE: job.signature ?? '',
    SIGNED_BY: job.signedBy ?? '',
  };
  const own = Object.entries(fields).map(([name, value]) => [`DREAMOS_MSG_${name}`, bounded(harmless(value))]);
  return {
    ...Object.fromEntries(outer),
    DREAMOS_ROOT: session.path,
    DREAMOS_AGENT: session.acting ?? job.mailbox,
    ...(session.label !== undefined && { DREAMOS_LABEL: session.label }),
    ...(trace && { TRACEPARENT: trace.traceparent }),
    ...(trace?.tracestate && { TRACESTATE: trace.tracestate }),
    ...Object.fromEntries(own),
  };
}

function bounded(text: string): string {
  return text.length > mostCharacters ? '' : text;
}
