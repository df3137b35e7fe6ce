import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { Context } from '../../src/cli/context.ts';
import { createProgram } from '../../src/program/program.ts';
import { closedPipe, createRig } from '../commands/rig.ts';

const rig = await createRig();

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

const lines = everyCommand(createProgram(new Context({} as never)).whole())
  .slice(1)
  .map((command) => (command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name()));

test.each(lines)('the help of "%s" is on stdout and has an example', async (line) => {
  const { code, out, err } = await rig.dreamos(`${line} --help`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`Usage: dreamos ${line}`);
  expect(out).toMatch(/Example:\n {2}\S+/);
  // `help agent` is the page for an agent.
  if (line !== 'agent') expect(await rig.dreamos(`help ${line}`)).toMatchObject({ code: 0, out });
});

test.each(lines)('what the help of "%s" says behind its options is at most 125 characters wide', async (line) => {
  const [, remark = ''] = (await rig.dreamos(`${line} --help`)).out.split('Example:');
  expect(remark.split('\n').filter((row) => row.length > 125)).toEqual([]);
});

test('help json has the shape of what every command prints', async () => {
  const { out } = await rig.dreamos('help json');
  const printing = lines.filter((line) => !/^(help|completion|schema)$/.test(line));
  expect(printing.filter((line) => !out.includes(line.split(' ')[0] ?? line))).toEqual([]);
  for (const part of ['pack', 'prune', 'export']) expect(out).toContain(`archive ${part}`);
});

const changing =
  /^(init|agent register|agent retire|agent delete|send|reply|read|work|ack|nack|renew|cancel|pause|resume|deliver|archive (restore|pack|prune)|dlq (retry|purge)|publish|subscribe|unsubscribe|topics prune|config set|doctor|maintain|import|schedule (add|remove))$/;

test.each(lines.filter((line) => changing.test(line)))('the help of "%s" says what it syncs', async (line) => {
  expect((await rig.dreamos(`${line} --help`)).out).toMatch(/\bsyncs\b/i);
});

test('without a command there is the help', async () => {
  const { code, out } = await rig.dreamos('');
  expect(code).toBe(0);
  expect(out).toContain('Usage: dreamos');
});

test('--version prints the version alone', async () => {
  expect(await rig.dreamos('--version')).toMatchObject({ code: 0, out: '0.0.0\n', err: '' });
});

test('a mistyped command is a usage error with a suggestion', async () => {
  const { code, out, err } = await rig.dreamos('sned reviewer hello');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain("Unknown command 'sned'.");
  expect(err).toContain('Did you mean send?');
});

test('a mistyped option is a usage error with a suggestion and the help to look at', async () => {
  const { code, err } = await rig.dreamos('send reviewer hello --subjcet x');
  expect(code).toBe(2);
  expect(err).toContain('Did you mean --subject? Then: dreamos send reviewer hello --subject x');
});

test('with --json a usage error is one JSON line', async () => {
  const { code, err } = await rig.dreamos('read --wiat 3s --json');
  expect(code).toBe(2);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'USAGE', message: "Unknown option '--wiat'." } });
});

test('a group without a verb names its verbs', async () => {
  const { code, err } = await rig.dreamos('dlq');
  expect(code).toBe(2);
  expect(err).toContain('"dlq" needs one of: list, show, retry, purge.');
});

test('options without a verb are told where the verbs stand', async () => {
  expect((await rig.dreamos('--as reviewer')).err).toMatch(/\n {2}Next: dreamos --help\n$/);
});

test('a word that is no verb is told which it is like, among all of them', async () => {
  expect((await rig.dreamos('sned status')).err).toBe(
    "Error: Unknown command 'sned'.\n  Next: Did you mean send? Then: dreamos send status\n",
  );
});

test('global options work before and behind the verb', async () => {
  await rig.sent();
  const before = await rig.dreamos('--json peek reviewer');
  const behind = await rig.dreamos('peek reviewer --json');
  expect(before.json).toHaveLength(1);
  expect(behind.json).toEqual(before.json);
});

test('DREAMOS_AGENT says who acts, and --as comes before it', async () => {
  const env = { DREAMOS_AGENT: 'planner' };
  expect((await rig.dreamos('peek', { env })).err).toContain('Nothing is ready for planner');
  expect((await rig.dreamos('peek --as reviewer', { env })).code).toBe(0);
});

test('no name at all is a usage error that says how to give one', async () => {
  const { code, err } = await rig.dreamos('read');
  expect(code).toBe(2);
  expect(err).toContain('--as <agent>');
});

test('a reader that has gone ends a list quietly', async () => {
  await rig.sent();
  expect(await rig.dreamos('list reviewer', { stdout: closedPipe() })).toMatchObject({ code: 0, err: '' });
});

test.each([
  [130, 'Ctrl-C'],
  [143, 'SIGTERM'],
])('an interrupted wait ends with %i, silently (%s)', async (code) => {
  const interrupt = new AbortController();
  const running = rig.dreamos('read planner --wait 1h', { signal: interrupt.signal });
  setImmediate(() => interrupt.abort(code));
  expect(await running).toMatchObject({ code, out: '', err: '' });
});

test('what failed is told although Ctrl-C came', async () => {
  const interrupt = new AbortController();
  interrupt.abort(130);
  const { code, err } = await rig.dreamos('show hello', { signal: interrupt.signal });
  expect(code).toBe(130);
  expect(err).toContain('not a message id');
});

test.each(['format', 'guarantees', 'exit-codes', 'cursors', 'scripting', 'json', 'settings'])(
  'help %s is a page',
  async (topic) => {
    const { code, out } = await rig.dreamos(`help ${topic}`);
    expect(code).toBe(0);
    expect(out.split('\n').length).toBeGreaterThan(10);
    expect(out.split('\n').filter((line) => line.length > 125)).toEqual([]);
  },
);

test('an unknown topic names the topics', async () => {
  const { code, err } = await rig.dreamos('help fromat');
  expect(code).toBe(2);
  expect(err).toContain('format, guarantees');
});
