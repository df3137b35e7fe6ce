/** `setup` as a process, on homes and projects of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { errorOf, type Rig, test } from './rig.ts';

const everybody = 'claude codex gemini cursor opencode';
const everything = '--mcp --guard --instructions';

/** Every file and link of a project and what is in it, but for its mail, its git and the command itself. */
function treeOf(dir: string): Record<string, string> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^(runtime|\.git|bin)(\/|$)/.test(name),
  );
  return Object.fromEntries(
    names.sort().map((name) => {
      const stat = lstatSync(join(dir, name));
      return [
        name,
        stat.isDirectory() ? 'folder' : `${(stat.mode & 0o777).toString(8)} ${readFileSync(join(dir, name), 'utf8')}`,
      ];
    }),
  );
}

const inGit = ({ dir }: Rig): void => void execFileSync('git', ['init', '-q'], { cwd: dir });

describe.concurrent('setup', () => {
  test('writes for every tool, says so, does nothing a second time, and takes all of it out again', async ({ rig }) => {
    inGit(rig);
    mkdirSync(join(rig.dir, '.claude'));
    writeFileSync(join(rig.dir, '.claude', 'settings.local.json'), '{ "model": "opus" }');
    writeFileSync(join(rig.dir, 'AGENTS.md'), '# Rules\r\n');
    symlinkSync('AGENTS.md', join(rig.dir, 'CLAUDE.md'));
    const before = treeOf(rig.dir);
    const words = `setup ${everybody} --as reviewer ${everything}`;

    const shown = await rig.dreamos(`${words} --dry-run`);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.out).toMatch(/^\+\+\+ .*settings\.local\.json/m);
    expect(shown.err).toContain('Nothing was written: --dry-run.');
    expect(treeOf(rig.dir)).toEqual(before);

    const made = await rig.dreamos(`${words} --json`);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.json.map(({ change }) => change).filter((change) => change === 'none')).toHaveLength(1);
    for (const { path, change } of made.json) {
      expect(existsSync(String(path))).toBe(true);
      expect(change).toMatch(/^(made|changed|none)$/);
    }
    expect(lstatSync(join(rig.dir, 'CLAUDE.md')).isSymbolicLink()).toBe(true);
    const after = treeOf(rig.dir);
    for (const name of [
      '.codex/hooks.json',
      '.gemini/settings.json',
      '.cursor/hooks.json',
      '.mcp.json',
      'opencode.json',
    ])
      expect(JSON.parse((after[name] ?? '').slice(4))).toBeTypeOf('object');
    const skill = (after['.agents/skills/dreamos/SKILL.md'] ?? '').slice(4);
    expect(skill).toBe((after['.claude/skills/dreamos/SKILL.md'] ?? '').slice(4));
    expect(Buffer.byteLength(skill)).toBeLessThanOrEqual(4096);
    expect(skill).toMatch(/^---\nname: dreamos\ndescription: \S.{1,1022}\nmetadata:\n {2}setup: ".*"\n---\n/);

    // Without a name the one that is there stays.
    const again = await rig.dreamos(`setup ${everybody}`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.err).toContain('Nothing to do: all of it is there.');
    expect(treeOf(rig.dir)).toEqual(after);

    const out = await rig.dreamos('setup --uninstall');
    expect(out).toMatchObject({ code: 0, err: '' });
    expect(treeOf(rig.dir)).toEqual(before);
    expect(existsSync(join(rig.dir, '.git', 'hooks', 'pre-commit'))).toBe(false);
    expect((await rig.dreamos('setup --uninstall')).err).toContain('Nothing to do');
  });

  test('writes into a home, and nothing into the project', async ({ rig }) => {
    const home = join(rig.dir, 'bin', 'home');
    mkdirSync(home);
    const env = { HOME: home, CODEX_HOME: join(home, 'elsewhere') };
    const before = treeOf(rig.dir);
    expect(await rig.dreamos(`setup ${everybody} --as reviewer --scope user --mcp`, { env })).toMatchObject({
      code: 0,
    });
    expect(treeOf(rig.dir)).toEqual(before);
    expect(readFileSync(join(home, 'elsewhere', 'hooks.json'), 'utf8')).toContain('hook codex --as reviewer');
    expect(JSON.parse(readFileSync(join(home, '.claude.json'), 'utf8'))).toEqual({
      mcpServers: { dreamos: { command: 'dreamos', args: ['mcp', '--as', 'reviewer'] } },
    });
    // What is in a home goes when that is said.
    await rig.dreamos('setup --uninstall', { env });
    expect(existsSync(join(home, '.claude', 'settings.json'))).toBe(true);
    expect(await rig.dreamos('setup --uninstall --scope user', { env })).toMatchObject({ code: 0 });
    expect(readdirSync(home, { recursive: true }).filter((name) => !/^elsewhere$/.test(String(name)))).toEqual([]);
  });

  test('finds the tools by their folders and their programs', async ({ rig }) => {
    const none = await rig.dreamos('setup');
    expect(none).toMatchObject({ code: 2, out: '' });
    expect(none.err).toContain('dreamos setup claude');
    inGit(rig);
    // For git no tool is needed.
    expect(await rig.dreamos('setup --guard --json')).toMatchObject({
      code: 0,
      out: expect.stringContaining('pre-commit') as string,
    });
    mkdirSync(join(rig.dir, '.gemini'));
    writeFileSync(join(rig.dir, 'bin', 'codex'), '#!/bin/sh\n', { mode: 0o755 });
    const { err, out } = await rig.dreamos('setup');
    expect(err).toContain('Found: codex, gemini.');
    expect(err).toContain('dreamos hook bind');
    expect(out).toContain('.gemini/settings.json');
    expect(existsSync(join(rig.dir, '.claude'))).toBe(false);
  });

  test("git's pre-commit takes what is staged for names, and holds a commit up for none but those that are held", async ({
    rig,
  }) => {
    inGit(rig);
    await rig.dreamos('setup --guard --as reviewer');
    await rig.dreamos(['reserve', 'src', '**/only.ts', '--as', 'planner']);
    mkdirSync(join(rig.dir, 'src'));
    const commit = async (...names: string[]) => {
      for (const name of names) writeFileSync(join(rig.dir, name), `${Math.random()}`);
      execFileSync('git', ['add', '--', ...names.map((name) => `:(literal)${name}`)], { cwd: rig.dir });
      const who = '-c user.name=a -c user.email=a@example.org';
      const { code, err } = await rig.shell(`DREAMOS_GUARD=block git ${who} commit -qm x`);
      return { code, err };
    };
    const odd = ['{a,b}.ts', '*', 'a?', '[s]rc', '!a', 'a\nb', 'a\\*b', 'other.ts'];
    expect(await commit(...odd)).toEqual({ code: 0, err: '' });
    // None of them hides what is held, and each is seen where it is.
    for (const name of ['{x,y}', 'a\nb', '*', '[s]']) {
      const { code, err } = await commit(...odd, `src/${name}`);
      expect({ code, held: err.split('\n').length }).toEqual({ code: 1, held: 3 });
      expect(err).toMatch(/^src\/.* held by planner until 20\S+\nNo commit/);
      execFileSync('git', ['reset', '-q'], { cwd: rig.dir });
    }
  });

  test('leaves out what another tool still needs', async ({ rig }) => {
    await rig.dreamos('setup codex gemini --as reviewer --instructions');
    await rig.dreamos('setup codex --uninstall');
    expect(existsSync(join(rig.dir, '.codex'))).toBe(false);
    expect(existsSync(join(rig.dir, '.agents/skills/dreamos/SKILL.md'))).toBe(true);
    await rig.dreamos('setup gemini --uninstall');
    expect(existsSync(join(rig.dir, '.agents'))).toBe(false);
  });

  test('goes on behind a file that it refuses, and says what to paste', async ({ rig }) => {
    mkdirSync(join(rig.dir, '.claude'));
    writeFileSync(join(rig.dir, '.claude', 'settings.local.json'), '{} // mine\n');
    const { code, err, out } = await rig.dreamos('setup claude gemini --as reviewer');
    expect(code).toBe(6);
    expect(err).toContain('Put in by hand what is printed');
    expect(out).toContain('.gemini/settings.json');
    // What is printed can be pasted as it is.
    const snippet = JSON.parse(out.slice(out.indexOf('{'), out.lastIndexOf('}\nmade') + 1)) as { hooks: object };
    expect(Object.keys(snippet.hooks)).toContain('PostToolBatch');
    expect(readFileSync(join(rig.dir, '.claude', 'settings.local.json'), 'utf8')).toBe('{} // mine\n');
    const refused = await rig.dreamos('setup claude --as reviewer --json');
    expect(errorOf(refused)).toMatchObject({ code: 'HOST_FILE_REFUSED' });
  });

  test('refuses what cannot be meant, and changes nothing', async ({ rig }) => {
    const before = treeOf(rig.dir);
    for (const [words, code, says] of [
      ['setup vim', 2, 'claude'],
      ['setup claude --scope all', 2, 'local'],
      ['setup claude --check --uninstall', 2, 'two things'],
      ['setup claude --as revewer', 4, 'reviewer'],
      ['setup claude --as ../x', 6, 'name'],
    ] as const) {
      const ended = await rig.dreamos(words);
      expect({ words, code: ended.code, out: ended.out }).toEqual({ words, code, out: '' });
      expect(ended.err).toContain(says);
    }
    const homeless = await rig.dreamos('setup claude --scope user', { env: { HOME: '' } });
    expect(homeless).toMatchObject({ code: 2, out: '' });
    expect(treeOf(rig.dir)).toEqual(before);
  });

  test('many at once lose nothing of one another, and nothing that was there', async ({ rig }) => {
    inGit(rig);
    mkdirSync(join(rig.dir, '.gemini'));
    const settings = join(rig.dir, '.gemini', 'settings.json');
    writeFileSync(settings, '{\n    "theme": "x"\n}\n');
    const before = treeOf(rig.dir);
    const lines = [
      'setup gemini codex --as reviewer',
      'setup gemini codex --as reviewer --mcp',
      'setup codex gemini --as reviewer --guard',
      'setup gemini codex --as reviewer --instructions',
    ];
    const ended = await Promise.all([...lines, ...lines].map((words) => rig.dreamos(words)));
    expect(ended.map(({ code, err }) => [code, /Error/.test(err)])).toEqual(ended.map(() => [0, false]));
    const whole = JSON.parse(readFileSync(settings, 'utf8')) as {
      hooks: Record<string, unknown[]>;
      [key: string]: unknown;
    };
    expect(Object.keys(whole).sort()).toEqual(['hooks', 'mcpServers', 'theme']);
    // Before a tool: one for subagents, and the guard.
    expect(Object.fromEntries(Object.entries(whole.hooks).map(([event, list]) => [event, list.length]))).toEqual({
      SessionStart: 1,
      BeforeAgent: 1,
      BeforeTool: 2,
      AfterTool: 1,
      AfterAgent: 1,
      PreCompress: 1,
      SessionEnd: 1,
    });
    expect(await rig.dreamos(`setup gemini codex --as reviewer ${everything}`)).toMatchObject({
      code: 0,
      err: expect.stringContaining('Nothing to do') as string,
    });
    await rig.dreamos('setup --uninstall');
    expect(treeOf(rig.dir)).toEqual(before);
  });

  test('leaves the old file where the disk takes no more', async ({ rig }) => {
    mkdirSync(join(rig.dir, '.claude'));
    const settings = join(rig.dir, '.claude', 'settings.local.json');
    const text = `${JSON.stringify({ big: 'x'.repeat(3000) }, null, 2)}\n`;
    writeFileSync(settings, text);
    // 2 KB a file: neither the backup nor the new one fits.
    const { code, err } = await rig.shell('ulimit -f 2; dreamos setup claude --as reviewer');
    expect(code).toBe(7);
    expect(err).toContain('Could not write');
    expect(readdirSync(join(rig.dir, '.claude'))).toEqual(['settings.local.json']);
    expect(readFileSync(settings, 'utf8')).toBe(text);
  });
});

/** As the tool would that has the installed hook. */
async function begin(rig: Rig, host: 'claude' | 'gemini'): Promise<void> {
  const stdin = JSON.stringify({ hook_event_name: 'SessionStart', session_id: 's1', cwd: rig.dir, source: 'startup' });
  expect(await rig.dreamos(`hook ${host} --as reviewer`, { stdin })).toMatchObject({ code: 0 });
}

describe.concurrent('setup --check', () => {
  test('says what is there, what is missing, and what to type; doctor warns of it', async ({ rig }) => {
    expect(await rig.dreamos('setup claude --check')).toMatchObject({ code: 3 });
    await rig.dreamos('setup claude --as reviewer');
    const early = await rig.dreamos('setup --check');
    expect(early.code).toBe(3);
    expect(early.out).toContain('No session has told of itself yet');
    expect((await rig.dreamos('doctor')).out).not.toContain('[setup]');
    await begin(rig, 'claude');
    const good = await rig.dreamos('setup --check --json');
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.json.map(({ host, part, ok }) => [host, part, ok])).toEqual([
      ['claude', 'hooks', true],
      ['claude', 'skill', true],
      ['claude', 'program', true],
      ['claude', 'alive', true],
    ]);
    expect((await rig.dreamos('doctor')).out).not.toContain('[setup]');

    const settings = join(rig.dir, '.claude', 'settings.local.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace('"UserPromptSubmit"', '"Other"'));
    const bad = await rig.dreamos('setup --check --guard --mcp');
    expect(bad.code).toBe(3);
    expect(bad.out).toContain('hooks that tell of mail (UserPromptSubmit)');
    expect(bad.out).toContain('the hook before edits (PreToolUse)');
    expect(bad.out).toMatch(/Next: dreamos setup claude --guard$/m);
    expect(bad.out).toMatch(/Next: dreamos setup claude --mcp$/m);
    const doctor = await rig.dreamos('doctor --json');
    expect(doctor.json).toContainEqual({
      rule: 'setup',
      level: 'warning',
      message: expect.stringMatching(/^claude: .*UserPromptSubmit/) as string,
      hint: 'dreamos setup claude',
    });
    const gone = await rig.dreamos('setup --check', { env: { PATH: '/usr/bin:/bin' } });
    expect(gone.out).toContain('Its hooks run dreamos, which is not on PATH.');
  });

  test('reads what Codex keeps of its trust, and writes none', async ({ rig }) => {
    await rig.dreamos('setup codex --as reviewer --mcp --no-wake');
    const trust = async () => {
      const { json } = await rig.dreamos('setup codex --check --no-wake --json');
      return json.find(({ part }) => part === 'trust');
    };
    expect(await trust()).toMatchObject({ ok: false, hint: expect.stringContaining('Trust') as string });
    const hooks = join(rig.dir, '.codex', 'hooks.json');
    const config = join(rig.dir, '.codex', 'config.toml');
    const before = readFileSync(config, 'utf8');
    const events = ['session_start', 'user_prompt_submit', 'post_tool_use', 'stop', 'session_end'];
    const states = events
      .map((event) => `[hooks.state."${hooks}:${event}:0:0"]\ntrusted_hash = "sha256:00"\n`)
      .join('\n');
    writeFileSync(config, `${before}\n${states}`);
    expect(await trust()).toMatchObject({ ok: false, message: expect.stringContaining('does not trust') as string });
    writeFileSync(config, `${before}\n${states}\n[projects."${rig.dir}"]\ntrust_level = "trusted"\n`);
    expect(await trust()).toMatchObject({ ok: true });
  });

  test('sees hooks that are switched off as a whole', async ({ rig }) => {
    await rig.dreamos('setup gemini --as reviewer');
    const settings = join(rig.dir, '.gemini', 'settings.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace('{', '{ "hooksConfig": { "enabled": false },'));
    const { code, out } = await rig.dreamos('setup gemini --check');
    expect(code).toBe(3);
    expect(out).toContain('switched off');
  });
});
