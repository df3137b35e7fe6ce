// What tells OpenCode's agent of its mail: as `dreamos setup opencode` writes it, and no more than a test needs.
import { spawn } from 'node:child_process';

function hook(cwd, said, flag = []) {
  let end = () => {};
  const done = new Promise((resolve) => {
    const child = spawn('dreamos', ['hook', 'opencode', ...flag, '--as', '{{as}}'], {
      cwd,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let out = '';
    end = () => child.kill();
    child.on('error', () => resolve({}));
    child.stdin.on('error', () => {});
    child.stdout.on('data', (part) => (out += part));
    child.on('close', (code) => resolve({ code, out: out.trim() }));
    child.stdin.end(JSON.stringify(said));
  });
  return { done, end: () => end() };
}

export const DreamosMail = async ({ client, directory }) => {
  const subagents = new Set();
  const woken = new Set();
  const waiters = new Map();
  process.on('exit', () => waiters.forEach(({ end }) => end()));

  async function tell(event, session, more = {}) {
    if (!session || subagents.has(session)) return {};
    const said = { hook_event_name: event, session_id: session, cwd: directory, ...more };
    const { code, out } = await hook(directory, said).done;
    return code === 0 && out ? JSON.parse(out) : {};
  }

  async function wait(event, session) {
    if (!session || subagents.has(session)) return;
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
      if (properties.info?.parentID) subagents.add(session);
      const event = { 'session.created': 'begin', 'session.idle': 'rest', 'session.deleted': 'end' }[type];
      if (type === 'session.compacted') await tell('begin', session, { forgets: true });
      if (event === 'end') waiters.get(session)?.end();
      if (event) await tell(event, session);
      if (event === 'begin' || event === 'rest') wait(event, session).catch(() => {});
    },
    'chat.message': async ({ sessionID }, { message, parts }) => {
      const { text } = await tell('prompt', sessionID, { wake: woken.delete(sessionID) });
      if (!text) return;
      const id = `prt_${Date.now().toString(16)}${Math.random().toString(36).slice(2)}`;
      parts.push({ id, sessionID, messageID: message.id, type: 'text', text, synthetic: true });
    },
    'tool.execute.after': async ({ sessionID }, output) => {
      const { text } = await tell('step', sessionID);
      if (text) output.output = `${output.output ?? ''}\n\n${text}`;
    },
    'shell.env': async ({ sessionID }, { env }) => {
      if (sessionID) env.OPENCODE_SESSION_ID = sessionID;
    },
  };
};
