/**
 * A pane of tmux, looked at and typed into. The server itself looks once more and types, in one step (`if-shell -F`): what has
 * not come to it by then, such as a dialog that a program has opened and not yet drawn, nobody could have seen.
 */
import { runToRead } from '../cli/handler/start.ts';
import { DreamosError } from '../model/errors.ts';
import { type Screen, screenOf } from './screen.ts';
import { unsafe } from './unsafe.ts';

export interface Look {
  readonly screen: Screen;
  /** All that changes when anything is drawn. */
  readonly raw: string;
  /** Why nobody may type into it, whatever it shows; `undefined`: nothing. */
  readonly closed: string | undefined;
  /** The program in its foreground. */
  readonly program: string;
  /** When somebody has last pressed a key at a terminal that shows it; seconds since 1970, 0: nobody sees it. */
  readonly lastKeyAt: number;
  /** What has to be so still when something is typed. */
  readonly state: string;
}

export interface Pane {
  readonly id: string;
  readonly tty: string;
  readonly pid: number;
  readonly serverPid: number;
  /** @throws PANE_NOT_FOUND; WAKE_UNSAFE: it is not the same any more */
  look(): Promise<Look>;
  /** @returns `false`: something has changed since, and nothing was typed */
  type(text: string, since: Look): Promise<boolean>;
  enter(since: Look): Promise<boolean>;
}

const stateFormat =
  '#{pid}.#{pane_pid}.#{pane_dead}.#{pane_in_mode}.#{pane_input_off}.#{pane_synchronized}.#{cursor_x}.#{cursor_y}.#{cursor_flag}.#{history_size}';

/** @throws PANE_NOT_FOUND, COMMAND_NOT_STARTED */
export async function findPane(name: string): Promise<Pane> {
  const format = '#{pid}|#{pane_id}|#{pane_pid}|#{pane_tty}|#{socket_path}';
  // The first of them answers for a pane that is not there, too; the second fails.
  const found = await tmux(
    name,
    [],
    'display-message',
    '-p',
    '-t',
    name,
    format,
    ';',
    'capture-pane',
    '-p',
    '-t',
    name,
  );
  const [, server = '', id = '', pid = '', tty = '', socket = ''] =
    /^(\d+)\|(%\d+)\|(\d+)\|([^|\n]*)\|([^\n]*)/.exec(found) ?? [];
  if (id === '') throw noPane(name);
  const ask = (...words: string[]): Promise<string> => tmux(name, ['-S', socket], ...words);

  async function look(): Promise<Look> {
    // In one question, so that all of it is of one moment.
    const answer = await ask(
      ...['display-message', '-p', '-t', id, `${stateFormat}|#{window_id}|#{pane_current_command}`, ';'],
      ...['list-clients', '-F', 'client|#{client_activity}|#{window_id}', ';'],
      ...['capture-pane', '-p', '-e', '-t', id],
    );
    const [facts = '', ...lines] = answer.split('\n');
    const [state = '', window = '', program = ''] = facts.split('|');
    const clients = lines.slice(
      0,
      lines.findIndex((line) => !line.startsWith('client|')),
    );
    const captured = lines.slice(clients.length).join('\n');
    const [serverNow, pidNow, isDead, inMode, inputOff, isSynchronized, x, y] = state.split('.');
    if (serverNow !== server || pidNow !== pid) throw unsafe(`Another process is in ${id} now.`);
    const keys = clients.map((line) => line.split('|')).filter(([, , of]) => of === window);
    return {
      screen: screenOf(captured, { x: Number(x), y: Number(y) }),
      raw: `${state}\n${captured}`,
      closed:
        isDead === '1'
          ? 'its process has ended'
          : inMode !== '0'
            ? 'it is in copy mode'
            : inputOff === '1'
              ? 'its input is off'
              : isSynchronized === '1'
                ? 'what is typed goes into other panes, too (synchronize-panes)'
                : undefined,
      program,
      lastKeyAt: Math.max(0, ...keys.map(([, at]) => Number(at))),
      state,
    };
  }

  async function unless(since: Look, command: string): Promise<boolean> {
    const rows = rowsOf(since.screen);
    const same = `#{==:${stateFormat}${rows.format},${since.state}${rows.found}}`;
    return (await ask('if-shell', '-F', '-t', id, same, `${command} ; display-message -p typed`)).trim() === 'typed';
  }

  return {
    id,
    tty,
    pid: Number(pid),
    serverPid: Number(server),
    look,
    // As a paste, where the program has asked to be told of those: a dialog takes single keys for an answer, a paste it does not.
    type: (text, since) => {
      const buffer = `-b dreamos-${id.slice(1)}`;
      const quoted = `'${text.replaceAll("'", `'\\''`)}'`;
      return unless(since, `set-buffer ${buffer} -- ${quoted} ; paste-buffer -p -d ${buffer} -t ${id}`);
    },
    // The byte: by its name tmux 3.7b does not bring it to some programs.
    enter: (since) => unless(since, `send-keys -H -t ${id} 0d`),
  };
}

// A dialog takes the last rows; each that is compared costs the server 0.05 ms between its look and Enter.
const mostRows = 12;
/** Of each row; one command of tmux has at most 16 KB. */
const mostCharacters = 60;

/**
 * What asks tmux for the row where it first finds each of the last rows (`#{C/r:`), and what it found then: a screen that is drawn
 * over in its place moves no cursor. What has a meaning in a format or an expression is any character there.
 */
function rowsOf({ rows }: Screen): { format: string; found: string } {
  const trimmed = rows.map((row) => row.trimEnd());
  const patterns = trimmed
    .filter((row) => row !== '')
    .slice(-mostRows)
    .map((row) => {
      const begins = Array.from(row).slice(0, mostCharacters).join('');
      // What is a space in the end depends on the system where it is not ASCII.
      const end = begins === row && /[!-~]$/.test(row) ? '$' : '';
      return `^${begins.replace(/[^\w \u0080-\u{10ffff}-]/gu, '.')}${end}`;
    });
  const found = patterns.map((pattern) => {
    const isIt = new RegExp(pattern, 'u');
    return `.${trimmed.findIndex((row) => isIt.test(row)) + 1}`;
  });
  return { format: patterns.map((pattern) => `.#{C/r:${pattern}}`).join(''), found: found.join('') };
}

async function tmux(pane: string, server: readonly string[], ...words: string[]): Promise<string> {
  const { code, out, err } = await runToRead('tmux', ['-u', ...server, ...words]);
  if (code !== 0) throw noPane(pane, err.trim());
  return out;
}

function noPane(name: string, said = ''): DreamosError {
  return new DreamosError(
    'not-found',
    'PANE_NOT_FOUND',
    `tmux has no pane ${JSON.stringify(name)}${said ? ` (${said})` : ''}.`,
    {
      hint: 'Which there are: tmux list-panes -a; of another server than this one: TMUX=<its socket>,0,0 in front',
    },
  );
}
