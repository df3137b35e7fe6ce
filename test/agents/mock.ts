/**
 * The model APIs that the agents know, on loopback: Anthropic's Messages, OpenAI's Responses and chat/completions, Gemini's
 * generateContent. It keeps every request with its time, which is how a test sees what has reached a model. A prompt with
 * `RUN<<command>>` is answered by a call of the agent's shell, one with `CALL<<tool {…}>>` by a call of that tool, and one with
 * `TASK<<text>>` by handing the text to a subagent, in which `SUB{{command}}` is then its shell.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ModelRequest {
  readonly id: number;
  /** When it had come in; milliseconds since 1970. */
  readonly at: number;
  readonly url: string;
  readonly body: Body;
  /** All of it, as text. */
  readonly text: string;
}

interface Part {
  readonly type?: string;
  readonly text?: string;
  readonly functionResponse?: object;
}
interface Message {
  readonly role?: string;
  readonly type?: string;
  readonly content?: string | readonly Part[];
  readonly parts?: readonly Part[];
}
interface Tool {
  readonly name?: string;
  readonly type?: string;
  readonly function?: { readonly name?: string };
}
interface Body {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly Message[];
  readonly input?: readonly Message[];
  readonly contents?: readonly Message[];
  readonly tools?: readonly Tool[];
}
interface Call {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
}
interface Shell {
  readonly shell: (command: string) => Call;
  readonly task: (text: string) => Call;
}

export interface Mock {
  readonly port: number;
  readonly requests: readonly ModelRequest[];
  close(): Promise<void>;
}

export async function startMock(): Promise<Mock> {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => {
    void bytesOf(request).then((text) => {
      const one = { id: requests.length + 1, at: Date.now(), url: request.url ?? '', text, body: bodyOf(text) };
      requests.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  return { port: (server.address() as AddressInfo).port, requests, close };
}

/** Whether it is a turn of the agent's, and not a count of tokens, a title or a look at what models there are. */
export function isTurn({ body, url }: ModelRequest): boolean {
  return !url.includes('count_tokens') && (body.tools?.length ?? 0) > (body.contents ? 0 : 1);
}

async function bytesOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function bodyOf(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}

function answer(request: ModelRequest, response: ServerResponse): void {
  const { url } = request;
  if (url.includes('count_tokens')) return json(response, { input_tokens: 10 });
  if (url.includes('/messages')) return anthropic(request, response);
  if (url.includes('/responses')) return responses(request, response);
  if (/generateContent/i.test(url)) return gemini(request, response);
  if (url.includes('chat/completions')) return completions(request, response);
  if (url.includes('/models')) return json(response, { data: [], models: [], object: 'list' });
  response.writeHead(404).end('{"error":{"type":"not_found_error","message":"mock"}}');
}

function anthropic({ id, body }: ModelRequest, response: ServerResponse): void {
  const last = body.messages?.findLast(({ role }) => role === 'user');
  const isAnswer = typeof last?.content !== 'string' && last?.content?.some(({ type }) => type === 'tool_result');
  const call = callIn(isAnswer ? '' : textOf(last), body, {
    shell: (command) => ({ name: 'Bash', args: { command, description: 'run it' } }),
    task: (prompt) => ({
      name: namesOf(body).includes('Agent') ? 'Agent' : 'Task',
      args: { description: 'do it', prompt, subagent_type: 'general-purpose' },
    }),
  });
  const usage = { input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const begun = { id: `msg_${id}`, type: 'message', role: 'assistant', model: body.model, content: [], usage };
  const message = { ...begun, stop_reason: null, stop_sequence: null };
  const block = call ? { type: 'tool_use', id: `toolu_${id}`, name: call.name, input: {} } : { type: 'text', text: '' };
  const stop_reason = call ? 'tool_use' : 'end_turn';
  if (!body.stream) {
    const whole = call ? { ...block, input: call.args } : { type: 'text', text: `OK ${id}` };
    return json(response, { ...message, content: [whole], stop_reason });
  }
  const delta = call
    ? { type: 'input_json_delta', partial_json: JSON.stringify(call.args) }
    : { type: 'text_delta', text: `OK ${id}` };
  events(response, [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ]);
}

function responses({ id, body }: ModelRequest, response: ServerResponse): void {
  const input = body.input ?? [];
  const at = input.findLastIndex(({ role }) => role === 'user');
  const isAnswer = input.slice(at).some(({ type }) => type?.endsWith('_output'));
  const names = namesOf(body);
  const call = callIn(isAnswer ? '' : textOf(input[at]), body, {
    shell: (command) =>
      names.includes('exec_command')
        ? { name: 'exec_command', args: { cmd: command, ...(command.startsWith('touch ') && asking) } }
        : { name: 'shell_command', args: { command } },
    task: (message) => ({
      name: 'spawn_agent',
      namespace: names.find((name) => name.startsWith('multi_agent')),
      args: { message },
    }),
  });
  const isPatch = body.tools?.some(({ type, name }) => type === 'custom' && name === call?.name);
  const called = isPatch
    ? { type: 'custom_tool_call', input: String(call?.args['input']) }
    : { type: 'function_call', arguments: JSON.stringify(call?.args) };
  const item = call
    ? { ...called, id: `fc_${id}`, call_id: `call_${id}`, name: call.name, namespace: call.namespace }
    : { type: 'message', role: 'assistant', id: `msg_${id}`, content: [{ type: 'output_text', text: `OK ${id}` }] };
  const input_tokens_details = { cached_tokens: 0 };
  const output_tokens_details = { reasoning_tokens: 0 };
  const usage = { input_tokens: 1, input_tokens_details, output_tokens: 1, output_tokens_details, total_tokens: 2 };
  events(response, [
    { type: 'response.created', response: { id: `resp_${id}` } },
    { type: 'response.output_item.done', item },
    { type: 'response.completed', response: { id: `resp_${id}`, usage } },
  ]);
}

/** With them Codex asks its user first. */
const asking = { sandbox_permissions: 'require_escalated', justification: 'May it?' };

function gemini({ id, body, url }: ModelRequest, response: ServerResponse): void {
  const last = body.contents?.at(-1);
  const isAnswer = last?.parts?.some(({ functionResponse }) => functionResponse);
  const call = callIn(isAnswer ? '' : textOf(last), body, {
    shell: (command) => ({ name: 'run_shell_command', args: { command } }),
    task: (prompt) => ({ name: 'invoke_agent', args: { agent_name: 'generalist', prompt } }),
  });
  const part = call ? { functionCall: call } : { text: `OK ${id}` };
  const whole = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    modelVersion: 'mock',
  };
  if (!url.includes('stream')) return json(response, whole);
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(whole)}\n\n`);
}

function completions({ id, body }: ModelRequest, response: ServerResponse): void {
  const last = body.messages?.at(-1);
  const call = callIn(last?.role === 'user' ? textOf(last) : '', body, {
    shell: (command) => ({ name: 'bash', args: { command, description: 'run it' } }),
    task: (prompt) => ({ name: 'task', args: { description: 'do it', prompt, subagent_type: 'general' } }),
  });
  const called = { name: call?.name, arguments: JSON.stringify(call?.args) };
  const delta = call
    ? { role: 'assistant', tool_calls: [{ index: 0, id: `call_${id}`, type: 'function', function: called }] }
    : { role: 'assistant', content: `OK ${id}` };
  const chunk = { id: `c${id}`, object: 'chat.completion.chunk', created: 1, model: body.model };
  const chunks = [
    { ...chunk, choices: [{ index: 0, delta, finish_reason: null }] },
    { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: call ? 'tool_calls' : 'stop' }] },
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end([...chunks.map((one) => JSON.stringify(one)), '[DONE]'].map((one) => `data: ${one}\n\n`).join(''));
}

/** What the prompt asks to be called; nothing where the agent brought next to no tools, as for a title. */
function callIn(text: string, body: Body, { shell, task }: Shell): Call | undefined {
  if (namesOf(body).length < (body.contents ? 1 : 2)) return undefined;
  const [, given] = [...text.matchAll(/TASK<<([^>]*)>>/g)].at(-1) ?? [];
  if (given !== undefined) return task(given);
  const [, name = '', args = ''] = [...text.matchAll(/CALL<<(\w+) (.*?)>>/g)].at(-1) ?? [];
  if (name) return { name, args: JSON.parse(args) as Call['args'] };
  const [, command] = [...text.matchAll(/(?:RUN<<([^>]*)>>)/g)].at(-1) ?? [];
  const [, inside] = [...text.matchAll(/SUB\{\{([^}]*)\}\}/g)].at(-1) ?? [];
  return (command ?? inside) === undefined ? undefined : shell(command ?? inside ?? '');
}

function namesOf({ tools = [] }: Body): string[] {
  return tools.map((tool) => tool.name ?? tool.function?.name ?? tool.type ?? Object.keys(tool)[0] ?? '');
}

function textOf(message: Message | undefined): string {
  const { content, parts } = message ?? {};
  if (typeof content === 'string') return content;
  return (content ?? parts ?? []).map(({ text }) => text ?? '').join('\n');
}

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

function events(response: ServerResponse, all: readonly Event[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(all.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join(''));
}
