/** The tools: what a client is told of them, and how one is called. */
import type { CallToolResult, Tool as ListedTool } from '@modelcontextprotocol/server';
import { asDreamosError, errorJson } from '../cli/errors.ts';
import { withRoot } from '../cli/as-typed.ts';
import { harmless, harmlessJson } from '../cli/harmless.ts';
import { asJsonSchema } from '../contract/shape.ts';
import { type OperationName, operations } from '../contract/operations.ts';
import { type ToolInput, toolNames, type ToolName, tools } from './shapes.ts';
import { resolveAgent } from '../core/agents/agents.ts';
import { DreamosError } from '../model/errors.ts';
import { explainIssues } from '../model/message.ts';
import { meantOr, usage } from '../model/refusals.ts';
import type { Body, Call } from './call.ts';
import { mailList, mailPeek, mailStatus, mailThread } from './look.ts';
import { releaseFiles, reserveFiles } from './reserve.ts';
import { mailReply, mailRequest, mailSend } from './send.ts';
import { mailAck, mailNack, mailRead } from './take.ts';
import { taskCreate, taskDone, taskFail, taskList, taskNext, taskProgress } from './tasks.ts';
import { visible } from './words.ts';

const bodies: { readonly [N in ToolName]: Body<N> } = {
  mail_status: mailStatus,
  mail_peek: mailPeek,
  mail_list: mailList,
  mail_thread: mailThread,
  mail_read: mailRead,
  mail_ack: mailAck,
  mail_nack: mailNack,
  mail_send: mailSend,
  mail_reply: mailReply,
  mail_request: mailRequest,
  reserve: reserveFiles,
  release: releaseFiles,
  task_list: taskList,
  task_next: taskNext,
  task_progress: taskProgress,
  task_done: taskDone,
  task_fail: taskFail,
  task_create: taskCreate,
};

export function isTool(name: string): name is ToolName {
  return Object.hasOwn(bodies, name);
}

export function listTools(): ListedTool[] {
  return toolNames.map((name) => {
    const { title, description, input, output, operation } = tools[name];
    const looks = operations[operation].effect === 'looks';
    return {
      name,
      title,
      description,
      inputSchema: asJsonSchema(input()) as ListedTool['inputSchema'],
      outputSchema: asJsonSchema(output()),
      // Nothing is ever deleted, and nobody is reached but the agents of this root. A second call of what changes mail may
      // concern another message, or is a second message.
      annotations: { title, readOnlyHint: looks, destructiveHint: false, idempotentHint: looks, openWorldHint: false },
    };
  });
}

/** Runs one. What it cannot do is its answer, with a code, a message and what to do next; it never throws. */
export async function callTool(name: ToolName, given: unknown, begin: () => Promise<Call>): Promise<CallToolResult> {
  let call: Call | undefined;
  try {
    const input = checked(name, given ?? {});
    call = await begin();
    const { acting } = call.session;
    // A misspelt name would send as nobody, and read nobody's mail.
    if (acting !== undefined) await resolveAgent(call.session, acting);
    const { text, value } = await (bodies[name] as Body<ToolName>)(call, input);
    return {
      content: [{ type: 'text', text }, ...warningsOf(call)],
      structuredContent: visible(value) as Record<string, unknown>,
    };
  } catch (error) {
    if (call) await noteIfDenied(call, tools[name].operation, error);
    const told = harmlessJson(errorJson(asTold(error, call?.context.options.root)));
    return { isError: true, content: [{ type: 'text', text: told }, ...warningsOf(call)] };
  }
}

/** Without what it was called with, which may be somebody's words. */
export async function noteIfDenied({ session }: Call, name: OperationName, error: unknown): Promise<void> {
  if (error instanceof DreamosError && error.kind === 'denied')
    await (await import('../core/audit/note.ts')).noteCall(session, name, [], error);
}

function warningsOf(call: Call | undefined): { type: 'text'; text: string }[] {
  return (call?.warnings ?? []).map((message) => ({ type: 'text', text: `Warning: ${harmless(message)}` }));
}

/** @throws USAGE */
function checked<N extends ToolName>(name: N, given: unknown): ToolInput<N> {
  const { input } = tools[name];
  const parsed = input.safeParse(given);
  if (parsed.success) return parsed.data as ToolInput<N>;
  const known = Object.keys(input().shape);
  const [unknown] = parsed.error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  if (unknown === undefined)
    throw usage(`${name}: ${explainIssues(parsed.error, given)}.`, `It takes: ${known.join(', ')}.`);
  const otherwise = `it takes ${known.join(', ')}.`;
  throw usage(`${name} takes no ${JSON.stringify(unknown)}.`, meantOr(unknown, known, otherwise));
}

/** In the words of who calls a tool: a field is a field, and who acts is said where the server is started. */
export function asTold(thrown: unknown, root: string | undefined): DreamosError {
  const error = asDreamosError(thrown);
  const { kind, code, message, hint, cause } = error;
  if (hint === undefined) return error;
  const told = hint.replace(/`as`/g, 'the option of the server, dreamos mcp --as <agent>');
  return new DreamosError(kind, code, message, { hint: withRoot(told, root), cause });
}
