import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { runtimeOf } from '../../e2e/runtime.ts';
import type { FaultOptions } from '../part.ts';
import { record, type Point } from './points.ts';
import type { Scenario, Story, Told } from './story.ts';
import { Setting } from './setting.ts';
import type { TracedRun } from './traced-run.ts';

const run = promisify(execFile);

/** A scenario made ready to be played again and again: each play gets a copy of what lay there before. */
export interface Stage {
  readonly scenario: Scenario;
  /** For the name of a folder. */
  readonly name: string;
  readonly story: Story;
  readonly points: readonly Point[];
  /** It says something when it is done. */
  readonly prints: boolean;
  /** It warns of what it finds, on any disk. */
  readonly warns: boolean;
  command(): Omit<TracedRun, 'thread' | 'trace' | 'dir' | 'inject'>;
  /** A folder with the root as it was, as `root`. @param under where it is made, if elsewhere */
  fresh(under?: string): Promise<string>;
}

/** @returns `undefined`: it is not done by the program that is tried */
export async function openStage(scenario: Scenario, options: FaultOptions): Promise<Stage | undefined> {
  const { dir, command, native } = options;
  const name = scenario.name.replace(/\W+/g, '-');
  const home = join(dir, name);
  const before = join(home, 'before');
  const setting = await Setting.make(before);
  const story = await scenario.prepare(setting);
  await setting.root.close();
  if (native !== undefined && (story.program !== undefined || runtimeOf(story.argv) !== 'native')) return undefined;
  const program = story.program === undefined ? command : await built(command, story.program, home);
  if (scenario.bare) rmSync(setting.root.path, { recursive: true });
  let plays = 0;
  const fresh = async (under = home) => {
    const play = join(under, String(++plays));
    await run('cp', ['-a', before, play]);
    return play;
  };
  const how = () => ({
    starts: native === undefined ? [process.execPath, program] : [native],
    argv: ['--json', '--root', 'root', ...story.argv],
    ...(story.stdin !== undefined && { stdin: story.stdin }),
    env: environment(dir),
  });
  await warm(how(), fresh);
  const tell = (hung: string): void => console.warn(`"${scenario.name}", when it is recorded: ${hung}`);
  const { points, results } = await record(how(), native === undefined ? ['main', 'pool'] : ['main'], fresh, tell);
  // The main thread's: a second one is a program that has given way to another.
  const programs = (results[0]?.made ?? []).filter(({ call }) => call === 'execve');
  if (programs.length !== 1)
    throw new Error(`"${scenario.name}" runs by ${programs.map(({ text }) => text).join(', ')}`);
  for (const { code, signal, stderr, hung } of results) {
    if (code === 0) continue;
    const end = code === null ? `by ${String(signal)}` : `with exit code ${code}`;
    throw new Error(`"${scenario.name}" ends by itself ${end}: ${stderr}${hung ?? ''}`);
  }
  return {
    scenario,
    name,
    story,
    points,
    prints: results.every(({ stdout }) => stdout !== ''),
    warns: results.some(({ stderr }) => stderr.includes('"warning"')),
    command: how,
    fresh,
  };
}

/** As the command is built, because Node 20 takes no TypeScript. */
async function built(command: string, source: string, home: string): Promise<string> {
  const outfile = join(home, 'program.cjs');
  const entryPoints = [join('test/faults/kill', source)];
  const absWorkingDir = join(dirname(command), '..');
  await build({
    absWorkingDir,
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'warning',
  });
  return outfile;
}

/** A first run, so that Node's and the command's own caches are there and every later run is the same. */
async function warm(how: Omit<TracedRun, 'thread' | 'trace' | 'dir'>, fresh: () => Promise<string>): Promise<void> {
  const [program = '', ...words] = how.starts;
  const child = run(program, [...words, ...how.argv], { cwd: await fresh(), env: how.env });
  // Who does not read it may be gone before it is written.
  child.child.stdin?.on('error', () => undefined).end(how.stdin ?? '');
  await child;
}

function environment(dir: string): Record<string, string> {
  mkdirSync(join(dir, 'cache'), { recursive: true });
  const own = { HOME: dir, XDG_CACHE_HOME: join(dir, 'cache') };
  // In the folder of each play, which it runs in.
  return { PATH: process.env['PATH'] ?? '', ...own, DREAMOS_CONFIG_HOME: 'user' };
}

/** The JSON lines that were printed whole. */
export function toldIn(stdout: string): Told[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);
}

export function clear(play: string): void {
  rmSync(play, { recursive: true, force: true });
}
