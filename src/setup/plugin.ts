/** OpenCode has no hooks in its settings, but plugins: this is ours, told in our own words (src/hooks/hosts/opencode.ts). */
import { patchedFile } from '../model/basics/patched-files.ts';
import type { Caller } from './commands.ts';

// A line of ours that begins with it is a load of ours to whoever reads the sources.
const load = 'import';

export function pluginText({ program, as, root }: Caller, wishes: { wake: boolean; guard: boolean }): string {
  const words = [...(as === undefined ? [] : ['--as', as]), ...(root === undefined ? [] : ['--root', root])];
  return `// {{signed}}
// Tells the agent of its mail. Written by "dreamos setup opencode"; "dreamos setup --uninstall" takes it away.
${load} { spawn } from 'node:child_process';

const program = ${JSON.stringify(program)};
const words = ${JSON.stringify(words)};
const wake = ${wishes.wake};
const guard = ${wishes.guard};
const ${agentLine(as)}

/** Whatever becomes of it, OpenCode goes on. */
function hook(cwd, said, flag = []) {
  let end = () => {};
  const done = new Promise((resolve) => {
    const child = spawn(program, ['hook', 'opencode', ...flag, ...words], { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
    let out = '';
    end = () => child.kill();
    child.on('error', () => resolve({}));
    child.stdin.on('error', () => {});
    child.stdout.on('data', (part) => (out += part));
    child.on('close', (code) => resolve({ code, out: out.trim() }));
    child.stdin.end(JSON.stringify(said));
    if (!flag.includes('--wait')) setTimeout(() => child.kill('SIGKILL'), 5000).unref();
  }).catch(() => ({}));
  return { done, end: () => end() };
}

export const DreamosMail = async ({ client, directory }) => {
  const subagents = new Set();
  const woken = new Set();
  const forgot = new Set();
  const waiters = new Map();
  process.on('exit', () => waiters.forEach(({ end }) => end()));

  async function tell(event, session, more = {}, flag = []) {
    if (!session || subagents.has(session)) return {};
    const forgets = forgot.delete(session) && { forgets: true };
    const said = { hook_event_name: event, session_id: session, cwd: directory, ...more, ...forgets };
    const { code, out } = await hook(directory, said, flag).done;
    try {
      return (code === 0 && out && JSON.parse(out)) || {};
    } catch {
      return {};
    }
  }

  async function wait(event, session) {
    if (!wake || !session || subagents.has(session)) return;
    waiters.get(session)?.end();
    const waiter = hook(directory, { hook_event_name: event, session_id: session, cwd: directory }, ['--wait']);
    waiters.set(session, waiter);
    const { code, out } = await waiter.done;
    if (waiters.get(session) === waiter) waiters.delete(session);
    if (code !== 10 || !out) return;
    woken.add(session);
    await client.session.promptAsync({ path: { id: session }, body: { parts: [{ type: 'text', text: out }] } });
  }

  return {
    event: async ({ event: { type, properties = {} } }) => {
      const session = properties.sessionID ?? properties.info?.id;
      // A message has a parent as well: the prompt that it answers.
      if (type.startsWith('session.') && properties.info?.parentID) subagents.add(session);
      if (type === 'session.compacted') forgot.add(session);
      if (type === 'session.deleted') {
        waiters.get(session)?.end();
        await tell('end', session);
      }
      if (type !== 'session.idle') return;
      await tell('rest', session);
      wait('rest', session).catch(() => {});
    },
    'chat.message': async ({ sessionID }, { message, parts }) => {
      const { text } = await tell('prompt', sessionID, { wake: woken.delete(sessionID) });
      if (!text) return;
      const id = \`prt_\${Date.now().toString(16)}\${Math.random().toString(36).slice(2)}\`;
      parts.push({ id, sessionID, messageID: message.id, type: 'text', text, synthetic: true });
    },
    'tool.execute.before': async ({ tool, sessionID }, { args = {} }) => {
      if (!guard || !/^(edit|write|multiedit|patch|apply_patch)$/.test(tool)) return;
      const patch = String(args.patchText ?? '').matchAll(${patchedFile});
      const files = [...(args.filePath ? [args.filePath] : []), ...[...patch].map(([, file]) => file)];
      const { refuse } = files.length > 0 ? await tell('edit', sessionID, { files }, ['--guard']) : {};
      if (refuse) throw new Error(refuse);
    },
    'tool.execute.after': async ({ sessionID }, output) => {
      const { text } = await tell('step', sessionID);
      if (text) output.output = \`\${output.output ?? ''}\\n\\n\${text}\`;
    },
    'shell.env': async ({ sessionID }, { env }) => {
      if (sessionID) env.OPENCODE_SESSION_ID = sessionID;
      if (agent) env.DREAMOS_AGENT ??= agent;
    },
  };
};
`;
}

function agentLine(as: string | undefined): string {
  return `agent = ${as === undefined ? 'undefined' : JSON.stringify(as)};`;
}

/** What such a plugin was written with, so that a second run without --guard leaves the guard in. */
export function wishesIn(text: string): { wake: boolean; guard: boolean } {
  return { wake: /^const wake = true;$/m.test(text), guard: /^const guard = true;$/m.test(text) };
}
