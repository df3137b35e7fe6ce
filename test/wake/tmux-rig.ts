/** A tmux server of a test's own, with a pane in which a stand-in for an agent's screen runs. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pause, project, until } from '../e2e/rig.ts';

const run = promisify(execFile);

export interface TmuxRig {
  readonly pane: string;
  /** For whoever runs `tmux` without saying which server. */
  readonly env: { readonly TMUX: string };
  tmux(...words: string[]): Promise<string>;
  /** What was done to the screen, a line each. */
  done(): string[];
  shown(): Promise<string>;
  /** A terminal that shows the pane, whose keys are those of a person. */
  attach(): Promise<{ press(keys: string): void }>;
  close(): Promise<void>;
}

export interface ScreenTerms {
  readonly screen?: object;
  /** Instead of the stand-in. */
  readonly command?: string;
  readonly width?: number;
  readonly height?: number;
}

export async function createTmux({
  screen = {},
  command,
  width = 100,
  height = 30,
}: ScreenTerms = {}): Promise<TmuxRig> {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-tmux-'));
  const log = join(dir, 'log');
  const socket = join(dir, 'socket');
  const tmux = async (...words: string[]): Promise<string> =>
    (await run('tmux', ['-u', '-S', socket, '-f', '/dev/null', ...words])).stdout;
  const words = [process.execPath, join(project, 'test/e2e/workers/screen.mjs'), JSON.stringify({ log, ...screen })];
  const line = command ?? `exec ${words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}`;
  await tmux('new-session', '-d', '-s', 'a', '-x', String(width), '-y', String(height), line);
  const pane = (await tmux('display-message', '-p', '-t', 'a', '#{pane_id}')).trim();
  const server = (await tmux('display-message', '-p', '#{pid}')).trim();
  const clients: ReturnType<typeof spawn>[] = [];
  const done = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);
  if (command === undefined) await until('the screen has begun', () => done().includes('begun'));
  return {
    pane,
    env: { TMUX: `${socket},${server},0` },
    tmux,
    done,
    shown: () => tmux('capture-pane', '-p', '-t', pane),
    async attach() {
      const client = spawn('script', ['-qfc', `tmux -u -S ${socket} attach -t a`, '/dev/null'], {
        env: { PATH: process.env['PATH'], TERM: 'xterm-256color' },
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      clients.push(client);
      await until('a client is attached', async () => (await tmux('list-clients')).trim() !== '');
      return { press: (keys) => void client.stdin?.write(keys) };
    },
    async close() {
      await tmux('kill-server').catch(() => undefined);
      for (const client of clients) client.kill('SIGKILL');
      await pause(50);
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
