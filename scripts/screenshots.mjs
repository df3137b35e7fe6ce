// Takes pictures of every view of the page, in light and in dark, into docs/screenshots/: a root with mail of a small team is
// made, served by the built command, and looked at in Debian's chromium.
//   npm run build && node scripts/screenshots.mjs [name…]
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'docs', 'screenshots');
const command = join(root, 'bin', 'dreamos.cjs');
const dir = mkdtempSync(join(tmpdir(), 'dreamos-screenshots-'));

function dreamos(words, input = '') {
  const options = { cwd: dir, input, encoding: 'utf8', env: { ...process.env, DREAMOS_ROOT: '' } };
  return execFileSync(process.execPath, [command, ...words], options).trim();
}

const as = (agent, ...words) => dreamos(['--as', agent, '--quiet', ...words]);
const json = (text) => text.split('\n').map((line) => JSON.parse(line));

/** @returns the addresses of the views, by the names of their pictures */
function fill() {
  dreamos(['init', 'planner', 'reviewer', 'builder', 'tester', 'archivist', '--quiet']);
  as('planner', 'config', 'set', 'lease', '10m', '--note', 'builds take longer than we thought');
  as('planner', 'config', 'set', 'maxAttempts', '4');
  as('reviewer', 'config', 'set', 'lease', '15m', '--note', 'and reviews longer still');
  const ask = as('planner', 'send', 'reviewer', question, '--subject', 'Review of the parser', '--type', 'task');
  as('reviewer', 'read');
  as('reviewer', 'reply', ask, 'Looks right. One thing: a tab within a heredoc is counted as one column.');
  as('reviewer', 'ack', ask);
  const [{ message }] = json(as('planner', 'list', 'planner', '--json'));
  as('planner', 'reply', message.id, 'Good catch. Fixed in 4be1f0a, with a test for it.');
  as('reviewer', 'send', 'planner', 'Two of 812 tests ran into their time limit.', ...nightly);
  as(
    'builder',
    'send',
    'planner',
    'Pushed to feature/page: 14 commits.',
    '--subject',
    'The page is ready',
    '--tag',
    'page',
  );
  as('tester', 'send', 'planner', 'The suite takes 4m 12s now, it was 6m 40s.', '--subject', 'Faster runs');
  for (let i = 1; i <= 24; i++)
    as(
      'planner',
      'send',
      i % 3 ? 'tester' : 'builder',
      `Run ${i} of the suite`,
      '--subject',
      `Run ${i}`,
      '--tag',
      'nightly',
    );
  for (const reason of ['the sandbox is gone', 'the sandbox is gone', 'timeout after 60 s', 'the sandbox is gone']) {
    const [{ receipt }] = json(as('tester', 'read', '--json'));
    as('tester', 'nack', receipt, '--dead', '--reason', reason);
  }
  for (let i = 0; i < 5; i++) as('tester', 'ack', json(as('tester', 'read', '--json'))[0].receipt);
  as('tester', 'read');
  as('builder', 'read');
  as('planner', 'send', 'archivist', 'Pack what is older than a week.', '--delay', '2h');
  as('planner', 'read');
  fillPeople();
  return {
    mailboxes: '/',
    inbox: `/inbox/${message.id}`,
    write: '/compose?to=reviewer&subject=The+next+one',
    messages: '/mail/tester',
    'dead-letters': '/dlq/tester',
    message: `/message/${ask}`,
    thread: `/thread/${ask}`,
    trace: `/trace/${ask}`,
    agents: '/agents',
    agent: '/agents/reviewer',
    tasks: '/tasks',
    topics: '/topics',
    schedules: '/schedules',
    charts: '/charts',
    alerts: '/alerts',
    settings: '/settings',
    history: '/settings/history?from=1&to=3',
    doctor: '/doctor',
    audit: '/audit',
  };
}

function fillPeople() {
  dreamos([
    'agent',
    'register',
    'builder',
    '--capability',
    'ts,docs',
    '--title',
    'Builds and packs',
    '--max-tasks',
    '2',
    '--quiet',
  ]);
  dreamos(['agent', 'register', 'reviewer', '--capability', 'ts', '--kind', 'specialist', '--quiet']);
  for (const [agent, note] of [
    ['builder', 'at the parser'],
    ['reviewer', 'reading'],
  ])
    as(agent, 'agent', 'start', agent, '--note', note);
  const create = (title, ...more) => json(as('planner', 'task', 'create', '--title', title, '--json', ...more))[0].id;
  const grammar = create('Write the grammar', '--requires', 'ts', '--priority', 'high');
  const fuzz = create('Fuzz the parser', '--requires', 'ts', '--depends-on', grammar);
  create('Write its manual', '--requires', 'docs', '--depends-on', grammar);
  create('Release it', '--depends-on', fuzz);
  create('Port it to Go', '--requires', 'go');
  const bench = create('Measure it', '--requires', 'ts');
  const [{ assignee }] = json(as('planner', 'task', 'show', grammar, '--json'));
  as(assignee, 'task', 'accept', grammar);
  as(assignee, 'task', 'progress', grammar, '--percent', '60', '--note', 'expressions are done');
  const { assignee: other } = json(as('planner', 'task', 'show', bench, '--json'))[0];
  as(other, 'task', 'accept', bench);
  as(other, 'task', 'done', bench, '--result', '41 MB/s on one core');
  as('reviewer', 'subscribe', 'build.*');
  as('tester', 'subscribe', 'build.done');
  as('builder', 'publish', 'build.done', 'Build 412 is green.');
  as('builder', 'publish', 'build.failed', 'Build 413: two tests.');
  as('planner', 'schedule', 'add', 'standup', '0 9 * * 1-5', '@all', 'Standup in five minutes.');
  as('planner', 'schedule', 'add', 'nightly', '30 2 * * *', 'tester', 'Run the whole suite.', '--type', 'task');
}

const question = `Can you review the branch feature/parser today?

It reads a heredoc in one pass, and gives the position of each error. The fuzzer has been at it for two hours, without a find.`;
const nightly = ['--subject', 'Nightly run', '--type', 'alert', '--priority', 'high'];

async function serve() {
  const server = spawn(process.execPath, [command, 'serve', '--http', '127.0.0.1:0'], { cwd: dir, stdio: 'ignore' });
  for (let i = 0; i < 100; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    try {
      const [{ http }] = json(dreamos(['serve', 'status', '--json']));
      return { http, stop: () => server.kill() };
    } catch {
      // It does not listen yet.
    }
  }
  throw new Error('the server does not listen');
}

const only = process.argv.slice(2);
try {
  const views = Object.entries(fill()).filter(([name]) => only.length === 0 || only.includes(name));
  const { http, stop } = await serve();
  const [{ token }] = json(dreamos(['token', 'create', 'planner', '--json']));
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  mkdirSync(out, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    const page = await (await browser.newContext({ viewport: { width: 1120, height: 700 }, colorScheme })).newPage();
    await page.goto(`${http}/#token=${token}`);
    for (const [name, hash] of views) {
      await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
      await page.waitForTimeout(1500);
      await page.screenshot({ path: join(out, `${name}-${colorScheme}.png`), animations: 'disabled' });
    }
  }
  await browser.close();
  stop();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
