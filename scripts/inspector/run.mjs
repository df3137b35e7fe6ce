// npm run test:inspector: the built command under the command line of the protocol's own inspector. It is installed here by the
// first run, and needs no browser.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const dreamos = join(here, '../../bin/dreamos.cjs');
const inspector = join(here, 'node_modules/.bin/mcp-inspector');
if (!existsSync(inspector))
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });

const dir = mkdtempSync(join(tmpdir(), 'dreamos-inspector-'));
const run = (...words) => execFileSync(process.execPath, [dreamos, ...words], { cwd: dir, encoding: 'utf8' });
let failed = 0;

/** @param fits of what the inspector prints, as JSON */
function inspect(what, words, fits) {
  const { status, stdout, stderr } = spawnSync(
    inspector,
    ['--cli', process.execPath, dreamos, 'mcp', '--as', 'reviewer', '--root', dir, ...words],
    { cwd: dir, encoding: 'utf8', timeout: 60_000 },
  );
  let said;
  try {
    said = JSON.parse(stdout);
  } catch {
    said = undefined;
  }
  const ok = said !== undefined && fits(said);
  if (!ok) failed++;
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${what}\n`);
  if (!ok) process.stdout.write(`exit ${status}\n${stdout}\n${stderr}\n`);
}
const call = (name, ...args) => [
  '--method',
  'tools/call',
  '--tool-name',
  name,
  ...args.flatMap((one) => ['--tool-arg', one]),
];

try {
  run('init', 'planner', 'reviewer', '--quiet');
  const id = run('send', 'reviewer', 'hello', '--as', 'planner').trim();
  inspect('lists the tools', ['--method', 'tools/list'], ({ tools }) => tools.length === 12);
  inspect('lists the mailboxes', ['--method', 'resources/list'], ({ resources }) => resources.length === 2);
  inspect('calls mail_status', call('mail_status'), (said) => said.structuredContent.acting === 'reviewer');
  inspect(
    'calls mail_peek',
    call('mail_peek', 'limit=2'),
    (said) => said.structuredContent.messages[0].message.id === id,
  );
  inspect(
    'calls mail_send',
    call('mail_send', 'to=planner', 'body=hi'),
    (said) => said.structuredContent.state === 'ready',
  );
  inspect(
    'is refused',
    call('mail_send', 'to=ghost', 'body=hi'),
    (said) => said.isError && /AGENT_NOT_FOUND/.test(said.content[0].text),
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
