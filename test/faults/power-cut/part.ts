import { execFile, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { cwd, env, execPath, getuid } from 'node:process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { type Lack, notHere, noTool } from '../../lack.ts';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import type { Job, Told } from './cut.ts';
import { fileSystems, makerOf, type FileSystem } from './rig.ts';

const execute = promisify(execFile);
const boundedStates = 40;
/** Over the three file systems together at least 1,500. */
const fullStates = 520;
const neededBytes = 2 * 1024 ** 3;

// The control of the native program is made by it.
const forNative = env['DREAMOS_RUNTIME'] === 'native' ? ['strace'] : [];

export const part: FaultPart = {
  name: 'power cut',
  runsNatively: true,

  async cannotRun() {
    if (getuid?.() !== 0) return notHere('it mounts file systems, which needs root');
    for (const file of ['/dev/fuse', '/dev/loop-control'])
      if (!fs.existsSync(file)) return notHere(`${file} is missing`);
    for (const tool of ['unshare', 'mount', 'umount', makerOf('ext4'), ...forNative])
      if (!(await hasTool(tool))) return noTool(`${tool} is missing`);
    try {
      await execute('/usr/bin/python3', ['-c', 'try:\n import fusepy\nexcept ImportError:\n import fuse\n fuse.FUSE']);
    } catch {
      return noTool('python3-fusepy is missing');
    }
    return undefined;
  },

  async run(options) {
    const here = join(sources(options), 'test', 'faults', 'power-cut');
    const [cut, workload] = await Promise.all(['cut', 'workload'].map((name) => bundle(here, name, options.dir)));
    const skipped: Lack[] = [];
    const plan: { fileSystem: FileSystem; states: number }[] = [];
    for (const fileSystem of options.bounded ? (['ext4'] as const) : fileSystems) {
      if (await hasTool(makerOf(fileSystem)))
        plan.push({ fileSystem, states: options.bounded ? boundedStates : fullStates });
      else skipped.push(noTool(`${fileSystem}: ${makerOf(fileSystem)} is missing`));
    }
    const dir = fs.mkdtempSync(join(placeForImages(options.dir), 'dreamos-power-cut-'));
    try {
      const job: Job = {
        dir,
        workload: workload ?? '',
        diskScript: join(here, 'recording-disk.py'),
        seed: options.seed % 1_000_000,
        plan,
        bounded: options.bounded,
        native: options.native,
      };
      return { ...(await cutIn(cut ?? '', job, options)), skipped };
    } finally {
      fs.rmSync(dir, { recursive: true, force: true });
    }
  },
};

/** A mount namespace of its own: what is mounted in it goes with its last process, however that ends. */
async function cutIn(script: string, job: Job, { progress }: FaultOptions): Promise<FaultResult> {
  const figures: Record<string, number> = {
    fileSystems: 0,
    states: 0,
    operations: 0,
    lost: 0,
    torn: 0,
    doubled: 0,
    twoNames: 0,
    controls: 0,
    controlsCaught: 0,
  };
  const failures: string[] = [];
  const args = ['--mount', '--propagation', 'private', execPath, '--enable-source-maps', script, JSON.stringify(job)];
  // Its stdin stays open as long as this process lives, and tells it when not.
  const child = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told;
    if ('progress' in told) progress(told.progress);
    else if ('failure' in told) {
      failures.push(told.failure);
      progress(told.failure);
    } else count(figures, told.counted);
  }
  const ended = await code;
  if (ended !== 0) failures.push(`The power-cut rig ended with exit code ${ended}.`);
  return { figures, failures };
}

function count(
  figures: Record<string, number>,
  { fileSystem, ...counted }: Extract<Told, { counted: unknown }>['counted'],
): void {
  if (counted.states !== undefined) figures['fileSystems'] = (figures['fileSystems'] ?? 0) + 1;
  for (const [what, n] of Object.entries(counted)) {
    const here = `${what}${fileSystem.charAt(0).toUpperCase()}${fileSystem.slice(1)}`;
    figures[what] = (figures[what] ?? 0) + n;
    figures[here] = (figures[here] ?? 0) + n;
  }
}

/** The folder of the checkout: the command lies in its bin/ or dist/. */
function sources({ command }: FaultOptions): string {
  const candidates = [dirname(dirname(command)), cwd()];
  return candidates.find((dir) => fs.existsSync(join(dir, 'test', 'faults', 'power-cut'))) ?? cwd();
}

async function bundle(here: string, name: string, dir: string): Promise<string> {
  const outfile = join(dir, `${name}.mjs`);
  await build({
    entryPoints: [join(here, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
    logLevel: 'warning',
    // Some packages are CommonJS and rely on what only that has.
    banner: {
      js: `import { createRequire as bundled } from 'node:module';
const require = bundled(import.meta.url);
const __filename = import.meta.filename;`,
    },
  });
  return outfile;
}

/** Memory, where there is room: a state is built, mounted and thrown away in a few dozen milliseconds. */
function placeForImages(otherwise: string): string {
  try {
    const { bavail, bsize } = fs.statfsSync('/dev/shm');
    return bavail * bsize > neededBytes ? '/dev/shm' : otherwise;
  } catch {
    return otherwise;
  }
}

async function hasTool(name: string): Promise<boolean> {
  try {
    await execute('sh', ['-c', 'command -v "$0"', name]);
    return true;
  } catch {
    return false;
  }
}
