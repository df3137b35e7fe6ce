// What the server adds to the library, and what it saves: sends of many connections share their syncs. The server is a process of
// its own; the library's sends beside it are this process's, on the same disk, in pairs.
import { setTimeout as rest } from 'node:timers/promises';
import { init } from '../../dist/index.js';
import { fill } from '../fill.mjs';
import { figure, row } from '../figures.mjs';
import { interleave, median, medianRatio, quantile, secondsOf } from '../measure.mjs';
import { cpuNanoseconds, measureIdle } from '../processes.mjs';
import { whole } from '../race.mjs';
import { createConnection, openStream, requestText, serveRoot } from '../server.mjs';

const body = 'x'.repeat(200);

export async function run(options) {
  const parts = { sending: await sending(options), watching: await watching(options), listing: await listing(options) };
  return {
    results: Object.fromEntries(Object.entries(parts).map(([name, { results }]) => [name, results])),
    tables: Object.values(parts).flatMap(({ tables }) => tables),
    rows: [
      row(
        'the server',
        Object.values(parts).flatMap(({ figures }) => figures),
      ),
    ],
  };
}

async function sending({ quick, scratch, progress }) {
  const folder = scratch.folder('server-sends');
  const mail = (await init({ root: folder.path, agents: ['planner', 'one', 'two'], env: {} })).as('planner');
  const server = await serveRoot(folder.path);
  const request = requestText('POST', '/v1/send', { as: 'planner', body: { to: 'one', body } });
  const connections = Array.from({ length: 32 }, () => createConnection(server.socket));
  const cpu = { library: [], server: [] };
  const each = (sends, workers) => async () => {
    let left = sends;
    const sent = await secondsOf(() =>
      Promise.all(
        workers.map(async (send) => {
          while (left-- > 0) await send();
        }),
      ),
    );
    return sends / sent.seconds;
  };
  const over = (count, sends) =>
    each(
      sends,
      connections.slice(0, count).map(
        ({ ask }) =>
          () =>
            ask(request),
      ),
    );
  const library = () => mail.send({ to: 'two', body });
  const sends = quick ? 20 : 300;
  // Both are warm by then: what is compiled at the first thousand calls is not what a server that runs all day costs.
  if (!quick) await over(32, 5000)();
  if (!quick) await each(1000, [library])();
  const lanes = [
    { name: 'library', run: each(sends, [library]) },
    { name: '1 connection', run: over(1, sends) },
    { name: '8 connections', run: over(8, 2 * sends) },
    { name: '32 connections', run: over(32, 5 * sends) },
  ];
  const rates = await interleave(lanes, {
    rounds: quick ? 1 : 15,
    onRound: (round, of) => progress(`sends, round ${round} of ${of}`),
  });
  // Of the processor, since the disk and the neighbours change from one minute to the next.
  const many = quick ? 50 : 3000;
  for (const [name, pid, send] of [
    ['library', process.pid, each(many / 3, [library])],
    ['server', server.pid, over(1, many / 3)],
    ['at 32', server.pid, over(32, many)],
  ]) {
    const before = cpuNanoseconds(pid);
    await send();
    cpu[name] = (cpuNanoseconds(pid) - before) / 1000 / (name === 'at 32' ? many : many / 3);
  }
  for (const connection of connections) connection.close();
  await server.stop();
  await mail.close();
  folder.remove();
  const ratio = (one, other) => medianRatio(rates.get(one), rates.get(other));
  const names = lanes.map(({ name }) => name);
  return {
    results: { rates: Object.fromEntries(rates), cpu },
    tables: [
      {
        title: 'Sends over HTTP, of a warm server',
        columns: ['', 'sends/s', 'lowest to highest', 'of library'],
        lines: names.map((name) => [
          name,
          whole(median(rates.get(name))),
          `${whole(Math.min(...rates.get(name)))} to ${whole(Math.max(...rates.get(name)))}`,
          `${ratio(name, 'library').toFixed(2)} x`,
        ]),
      },
      {
        title: 'Processor of a send',
        columns: ['', 'us'],
        lines: [
          ['library, this process', cpu.library.toFixed(0)],
          ['server, 1 connection', cpu.server.toFixed(0)],
          ['server, 32 connections', cpu['at 32'].toFixed(0)],
        ],
      },
    ],
    figures: [
      figure('sends at 32 connections, of one', ratio('32 connections', '1 connection')),
      figure('at one, of the library', ratio('1 connection', 'library')),
    ],
  };
}

/** The same event by the library's watch and by the server's stream, with and without twenty streams that see all of them. */
async function watching({ quick, scratch, progress }) {
  const folder = scratch.folder('server-watch');
  const mail = (await init({ root: folder.path, agents: ['sender', 'box'], env: {} })).as('sender');
  const server = await serveRoot(folder.path);
  const seen = { library: new Map(), server: new Map() };
  const ended = new AbortController();
  const note = (map, id) => {
    if (!map.has(id)) map.set(id, performance.now());
  };
  const following = (async () => {
    for await (const { id } of mail.watch({ mailboxes: ['box'], signal: ended.signal })) note(seen.library, id);
  })();
  const path = '/v1/watch?mailbox=box';
  const asked = requestText('GET', path, { accept: 'text/event-stream' });
  const stream = await openStream(server.socket, asked, (json) => note(seen.server, JSON.parse(json).id));
  await until(async () => {
    await mail.send({ to: 'box', body: 'are you there?' });
    await rest(50);
    return seen.library.size > 0 && seen.server.size > 0;
  });
  const begun = [];
  const sends = quick ? 10 : 500;
  progress(`${sends} events`);
  for (let i = 0; i < sends; i++) {
    const { id } = await mail.send({ to: 'box', body });
    begun.push([id, performance.now()]);
    // Uneven, so that no rhythm of a watcher's hides between the sends.
    await rest(5 + ((i * 7919) % 40));
  }
  await until(() => begun.every(([id]) => seen.library.has(id) && seen.server.has(id)));
  ended.abort();
  await following;
  const behind = (map) => begun.map(([id, at]) => map.get(id) - at);
  const beyond = begun.map(([id]) => seen.server.get(id) - seen.library.get(id));

  const streams = [stream];
  for (let i = 1; i < 20; i++) {
    // As pages and agents do: of all, of one, of a topic, and a root at a glance.
    const kinds = ['/v1/watch', '/v1/watch?mailbox=sender', '/v1/listen?topic=build.*', '/v1/overview/watch'];
    const one = requestText('GET', kinds[i % kinds.length], { accept: 'text/event-stream' });
    streams.push(await openStream(server.socket, one, () => undefined));
  }
  for (let i = 0; i < (quick ? 5 : 200); i++) await mail.send({ to: 'box', body });
  // Behind the work V8 collects once more, up to 95 s later, and that takes 0.1 s of CPU and more: that is no rest yet.
  if (!quick) await rest(120_000);
  const idle = await measureIdle(server.pid, quick ? 1 : 60, progress);
  for (const one of streams) one.close();
  await server.stop();
  await mail.close();
  folder.remove();
  return {
    results: { behind: { library: behind(seen.library), server: behind(seen.server) }, beyond, idle },
    tables: [
      {
        title: 'From the return of send() to the event at who watches, ms',
        columns: ['', 'p50', 'p99'],
        lines: [
          ['watch of the library', ...[0.5, 0.99].map((q) => quantile(behind(seen.library), q).toFixed(2))],
          ['stream of the server', ...[0.5, 0.99].map((q) => quantile(behind(seen.server), q).toFixed(2))],
          ['the stream behind the library', ...[0.5, 0.99].map((q) => quantile(beyond, q).toFixed(2))],
        ],
      },
    ],
    figures: [
      figure('an event behind watch: p50, ms', quantile(beyond, 0.5)),
      figure('resident with 20 streams, MB', idle.residentMb, 0),
      figure(`idle for ${idle.seconds} s: CPU, %`, idle.cpuPercent, 3),
    ],
  };
}

async function listing({ quick, scratch, progress }) {
  const folder = scratch.folder('server-list');
  const mail = (await init({ root: folder.path, agents: ['sender', 'full'], env: {} })).as('sender');
  const messages = quick ? 1000 : 1_000_000;
  await fill(mail, 'full', messages, progress);
  await mail.close();
  const server = await serveRoot(folder.path);
  const connection = createConnection(server.socket);
  const request = requestText('GET', '/v1/list?mailbox=full&limit=100');
  const times = [];
  for (let i = 0; i < (quick ? 2 : 21); i++) {
    const { seconds, result } = await secondsOf(() => connection.ask(request));
    const { items } = JSON.parse(result);
    if (items.length !== 100) throw new Error(`A page of ${items.length} items.`);
    times.push(seconds * 1000);
  }
  connection.close();
  await server.stop();
  folder.remove();
  const [first, ...others] = times;
  return {
    results: { times },
    tables: [
      {
        title: `The first page of ${whole(messages)} messages, ms`,
        columns: ['', 'ms'],
        lines: [
          ['of a server that has just begun', first.toFixed(1)],
          ['after that', median(others).toFixed(1)],
        ],
      },
    ],
    figures: [figure(`first page of ${whole(messages)} messages, ms`, median(others), 1)],
  };
}

async function until(holds) {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('20 s have passed, and not all events were seen.');
    await rest(5);
  }
}
