// The main job, visibly: two agents on a temporary root, with real processes of the built command. Every step is checked;
// anything unexpected ends the demo with an exit code of 1.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';

const command = join(import.meta.dirname, '../bin/dreamos.cjs');
const folder = await mkdtemp(join(tmpdir(), 'dreamos-demo-'));
const { DREAMOS_ROOT: _root, DREAMOS_AGENT: _agent, ...env } = process.env;
const children = new Set();
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (style, text) => (colour ? styleText(style, text) : text);

process.once('SIGINT', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
});

try {
  await demo();
  say('\nEverything was as it should be.');
} catch (error) {
  process.exitCode = 1;
  say(paint('red', `\nThe demo failed: ${error.message}`));
} finally {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

async function demo() {
  chapter('A root and two agents. Mail that fails twice shall go to the dead-letter queue.');
  await show(['init', 'planner', 'reviewer']);
  await show(['config', 'set', 'maxAttempts', '2']);

  chapter('Somebody watches all mailboxes, in a process of its own (lines with a bar).');
  const watcher = watch();

  chapter('The reviewer waits for mail. The planner sends some: it arrives by push.');
  const waiting = start(['read', 'reviewer', '--wait', '10s', '--json'], { shown: true });
  await until('the reviewer waits', async () => (await statusOf('reviewer')).lastReadAt !== null);
  await show(['send', 'reviewer', '--as', 'planner', '--subject', 'Please review', '--type', 'task', '--json'], {
    input: 'The change is on branch "durable".\nTests are green; `npm run check` too.\n',
  });
  const sentAt = performance.now();
  const first = JSON.parse((await waiting.done).stdout);
  say(`  ${shortened(JSON.stringify(first))}`);
  say(`  The waiting process had it ${Math.max(0, Math.round(waiting.spokeAt() - sentAt))} ms after send returned.`);
  assert.equal(first.message.from, 'planner');
  assert.equal(first.attempt, 1);
  await show(['ack', first.receipt]);
  await show(['ack', first.receipt], { exit: 5 });

  chapter('What a person sees; the answer finishes the message and comes back in its thread.');
  await show(['send', 'reviewer', 'Is Friday still fine?', '--as', 'planner', '--subject', 'Date']);
  await show(['read', 'reviewer']);
  const [held] = await lines(['list', 'reviewer', '--as', 'reviewer', '--json']);
  assert.equal(held.state, 'inflight');
  await show(['reply', held.receipt, 'Friday is fine.', '--ack']);
  const [answer] = await lines(['read', 'planner', '--ack', '--json']);
  assert.equal(answer.message.replyTo, held.id);
  assert.equal(answer.message.body, 'Friday is fine.');

  chapter('A message that fails: given back twice, it goes to the dead-letter queue with its reason.');
  await show(['send', 'reviewer', 'Deploy to staging.', '--as', 'planner', '--type', 'task']);
  for (const attempt of [1, 2]) {
    const [job] = await lines(['read', 'reviewer', '--wait', '5s', '--json']);
    assert.equal(job.attempt, attempt);
    await show(['nack', job.receipt, '--delay', '0', '--reason', 'staging is down']);
  }
  assert.equal((await statusOf('reviewer')).dead, 1);
  await show(['dlq', 'list', 'reviewer']);

  chapter('Staging is up again: retry, with the attempts counted anew.');
  await show(['dlq', 'retry', 'reviewer', '--all']);
  const [retried] = await lines(['read', 'reviewer', '--wait', '5s', '--ack', '--json']);
  assert.equal(retried.message.body, 'Deploy to staging.');
  assert.equal(retried.attempt, 1);

  chapter('At the end.');
  const stories = [
    [first.message.id, 'delivered claimed acked'],
    [held.id, 'delivered claimed acked'],
    [answer.message.id, 'delivered claimed acked'],
    [retried.message.id, 'delivered claimed nacked claimed dead retried claimed acked'],
  ];
  for (const [id, story] of stories) {
    const traced = await start(['trace', id, '--json']).done;
    const own = parsed(traced.stdout).filter((step) => step.id === id);
    assert.equal(own.map(({ event }) => event).join(' '), story);
  }
  const count = stories.flatMap(([, story]) => story.split(' ')).length;
  await until(`the watcher has printed ${count} lines`, () => watcher.count() === count);
  await show(['status']);
  const { ready, inflight, delayed, dead, archived, corrupt } = await statusOf('reviewer');
  assert.deepEqual(
    { ready, inflight, delayed, dead, archived, corrupt },
    { ready: 0, inflight: 0, delayed: 0, dead: 0, archived: 3, corrupt: 0 },
  );
}

/** Starts the command; `done` resolves to its output, or rejects when it does not end as expected. */
function start(args, { input, exit = 0, shown = false } = {}) {
  if (shown) say(paint('bold', `$ dreamos ${args.map(quoted).join(' ')}${input === undefined ? '' : ' < text'}`));
  const child = spawn(process.execPath, [command, ...args], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
  children.add(child);
  let spokeAt;
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    spokeAt ??= performance.now();
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.on('error', () => undefined).end(input);
  const done = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      children.delete(child);
      if (code === exit) resolve({ stdout, stderr });
      else reject(new Error(`"dreamos ${args.join(' ')}" ended with ${code}, not ${exit}.\n${stdout}${stderr}`));
    });
  });
  // Whoever awaits `done` still learns of it.
  done.catch(() => undefined);
  return { done, spokeAt: () => spokeAt };
}

async function show(args, options = {}) {
  const { stdout, stderr } = await start(args, { ...options, shown: true }).done;
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n')) say(`  ${line}`);
  if (options.exit) say(paint('dim', `  (exit ${options.exit}, as it should be)`));
}

async function lines(args) {
  const { stdout } = await start(args, { shown: true }).done;
  for (const line of stdout.trimEnd().split('\n')) say(`  ${shortened(line)}`);
  return parsed(stdout);
}

function parsed(jsonLines) {
  const texts = jsonLines.trimEnd().split('\n');
  return texts.map((text) => JSON.parse(text));
}

async function statusOf(agent) {
  return JSON.parse((await start(['status', agent, '--json']).done).stdout);
}

// From the start, so that it does not matter how quickly it is up.
function watch() {
  const args = ['watch', '--since', 'start'];
  say(paint('bold', `$ dreamos ${args.join(' ')} &`));
  const child = spawn(process.execPath, [command, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  let count = 0;
  createInterface(child.stdout).on('line', (line) => {
    count++;
    say(paint('cyan', `  | ${line}`));
  });
  return { count: () => count };
}

async function until(what, holds) {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`10 s have passed, and it does not hold that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function chapter(text) {
  say(`\n${paint('green', `# ${text}`)}`);
}

function shortened(line) {
  return line.length > 118 ? `${line.slice(0, 117)}…` : line;
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
