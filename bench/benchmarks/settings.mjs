// From the return of `config.set` to a claim under the new lease, by processes that rest until mail comes: `dreamos work`,
// `dreamos read --wait`, `dreamos mcp`. The mail is sent right behind the change, so what is measured is at most what it takes.
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { quantile } from '../measure.mjs';
import { cleanEnv, command, start, stop } from '../processes.mjs';

const leases = { '20m': 1_200_000, '40m': 2_400_000 };

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('settings');
  const mail = (await init({ root: folder.path, agents: ['sender', 'worker', 'reader', 'tools'], env: {} })).as(
    'sender',
  );
  const claimedAt = new Map();
  const end = new AbortController();
  const following = (async () => {
    for await (const event of mail.watch({ signal: end.signal }))
      if (event.event === 'claimed') claimedAt.set(event.id, Date.parse(event.at));
  })();
  const env = cleanEnv(folder.path);
  const dreamos = (...args) => start(process.execPath, [command, '--root', folder.path, ...args], { env });
  const trials = quick ? 3 : 50;
  const results = {};

  /** @param held the end of the lease of this message, once it is claimed @param again called before each change */
  const measure = async (name, mailbox, held, again = async () => undefined) => {
    const took = [];
    let late = 0;
    progress(`${name}: ${trials} changes`);
    for (let i = 0; i < trials; i++) {
      await again();
      await rest(20 + ((i * 7919) % 40));
      const lease = Object.keys(leases)[i % 2];
      await mail.config.set('lease', lease);
      const at = Date.now();
      for (;;) {
        const { id } = await mail.send({ to: mailbox, body: 'hello' });
        const until = await held(id);
        await waitUntil(() => claimedAt.has(id));
        // The lease is counted from a moment right before the event's.
        if (Math.abs(until - claimedAt.get(id) - leases[lease]) < 60_000) {
          took.push(Math.max(0, claimedAt.get(id) - at));
          break;
        }
        late++;
        await again();
      }
    }
    results[name] = { took, late };
  };

  const heldInMailbox = (mailbox) => async (id) => {
    for (;;) {
      for await (const entry of mail.list(mailbox, { states: ['inflight'] }))
        if (entry.id === id) return Date.parse(entry.leaseUntil ?? '') || Number(entry.leaseUntil);
      await rest(2);
    }
  };
  const worker = dreamos('work', 'worker', '--quiet', '--', 'sleep', '0.15');
  const tools = toolsOf(dreamos('mcp', '--as', 'tools'));
  try {
    await rest(quick ? 500 : 2000);
    // Its handler has ended when the next change comes.
    await measure('work', 'worker', heldInMailbox('worker'), () => rest(250));
    await stop(worker);
    await tools.begin();
    let pending;
    await measure(
      'mcp',
      'tools',
      async () => Date.parse((await pending).delivery.leaseUntil),
      async () => void (pending = tools.call('mail_read', { wait: '50s' })),
    );
    let printed;
    await measure(
      'read --wait',
      'reader',
      async () => Date.parse((await printed).leaseUntil),
      async () => {
        const reader = dreamos('read', 'reader', '--wait', '60s', '--json');
        printed = new Promise((resolve) =>
          createInterface(reader.stdout).on('line', (line) => resolve(JSON.parse(line))),
        );
        // It has begun to wait.
        await rest(1500);
      },
    );
  } finally {
    await stop(worker);
    await stop(tools.child);
    end.abort();
    await following;
    await mail.close();
    folder.remove();
  }
  return {
    results,
    tables: [
      {
        title: 'From the return of config.set to a claim under the new lease, ms',
        columns: ['', 'p50', 'p99', 'highest', 'claims under the old one'],
        lines: Object.entries(results).map(([name, { took, late }]) => [
          name,
          ...[quantile(took, 0.5), quantile(took, 0.99), Math.max(...took)].map((ms) => ms.toFixed(0)),
          String(late),
        ]),
      },
    ],
    rows: Object.entries(results).map(([name, { took, late }]) =>
      row(`a changed setting in force, ${name}`, [
        figure('p50, ms', quantile(took, 0.5), 0),
        figure('p99, ms', quantile(took, 0.99), 0),
        figure('claims under the old one', late, 0),
      ]),
    ),
  };
}

/** The client's half of the protocol, as far as it is needed. */
function toolsOf(child) {
  const waiting = new Map();
  let last = 0;
  createInterface(child.stdout).on('line', (line) => {
    const { id, result } = JSON.parse(line);
    waiting.get(id)?.(result);
  });
  const say = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method, params) => {
    const id = ++last;
    say({ id, method, params });
    return new Promise((resolve) => waiting.set(id, resolve));
  };
  return {
    child,
    async begin() {
      const clientInfo = { name: 'bench', version: '1' };
      await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
      say({ method: 'notifications/initialized' });
    },
    call: async (name, input) => (await ask('tools/call', { name, arguments: input })).structuredContent,
  };
}

async function waitUntil(is) {
  while (!is()) await rest(1);
}
