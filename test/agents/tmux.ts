/** A tmux server of a test's own, and panes in it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Pane {
  readonly pid: number;
  /** What it shows, without the spaces at the ends of lines. */
  screen(): Promise<string>;
  /** Types a text, and no Enter. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names of them. */
  press(...keys: string[]): Promise<void>;
  /** Closes it as a terminal is closed: what runs in it gets SIGHUP. */
  close(): Promise<void>;
}

export interface Tmux {
  open(command: string, env?: Readonly<Record<string, string>>): Promise<Pane>;
  /** What all panes show. */
  screens(): Promise<string[]>;
  end(): Promise<void>;
}

export function startTmux(dir: string, cwd: string, env: Readonly<Record<string, string>>): Tmux {
  // Of its own: no name that the user's tmux could have.
  const tmux = async (...words: string[]): Promise<string> =>
    (await run('tmux', ['-S', `${dir}/tmux`, '-f', '/dev/null', ...words], { env })).stdout;
  const panes: Pane[] = [];
  return {
    async open(command, more = {}) {
      const name = `s${panes.length + 1}`;
      const set = Object.entries(more).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
      const size = ['-x', '140', '-y', '45'];
      const format = '#{pane_id} #{pane_pid}';
      const made = await tmux('new-session', '-dP', '-F', format, '-s', name, '-c', cwd, ...size, ...set, command);
      await tmux('set-option', '-g', 'remain-on-exit', 'on');
      const [pane = '', pid = ''] = made.trim().split(' ');
      const opened: Pane = {
        pid: Number(pid),
        screen: async () => (await tmux('capture-pane', '-p', '-t', pane)).replace(/[ ]+$/gm, '').trimEnd(),
        type: async (text) => void (await tmux('send-keys', '-l', '-t', pane, '--', text)),
        press: async (...keys) => {
          for (const key of keys) await tmux('send-keys', '-t', pane, key);
        },
        close: async () => void (await tmux('kill-pane', '-t', pane)),
      };
      panes.push(opened);
      return opened;
    },
    screens: () => Promise.all(panes.map((pane) => pane.screen().catch(String))),
    async end() {
      await tmux('kill-server').catch(() => undefined);
    },
  };
}
