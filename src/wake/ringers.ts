/** Rings by a command, by a notice on the desktop, or by the terminal's bell. */
import type { Context } from '../cli/context.ts';
import { notStarted } from '../cli/handler/find-command.ts';
import { runHandler } from '../cli/handler/handler.ts';
import { runToEnd } from '../cli/handler/start.ts';
import type { Session } from '../core/root/root.ts';
import { sha256 } from '../model/basics/sha256.ts';
import { usage } from '../model/refusals.ts';
import type { Ringer } from './ringer.ts';
import { unsafe } from './unsafe.ts';

export function byCommand(context: Context, session: Session, agent: string, command: readonly string[]): Ringer {
  const { around, output } = context;
  return {
    ...plain(`${agent}.exec.${sha256(JSON.stringify(command)).slice(0, 12)}`),
    where: `by ${command[0] ?? ''}`,
    async ring(sentence) {
      const pass = (chunk: Uint8Array): Promise<void> => output.pass(chunk);
      const hurry = new AbortController();
      const letGo = around.holdExit(() => hurry.abort());
      const ended = await runHandler({
        command,
        env: { ...around.env, DREAMOS_ROOT: session.path, DREAMOS_AGENT: agent, DREAMOS_SENTENCE: sentence },
        cwd: around.cwd(),
        stdin: `${sentence}\n`,
        signal: context.signal,
        hurry: hurry.signal,
        onExit: () => undefined,
        onStdout: pass,
        onStderr: pass,
      })
        .catch((error: unknown) => {
          throw notStarted(error, command);
        })
        .finally(letGo);
      const { exitCode, signal } = ended;
      if (exitCode !== 0)
        throw unsafe(
          `The command that rings ended with ${exitCode ?? signal}.`,
          'It is run again after 10 minutes, while nobody reads the mail.',
        );
    },
  };
}

/** @throws USAGE: no terminal is there to ring */
export function byBell(context: Context, agent: string): Ringer {
  const terminal = terminalOf(context);
  if (!terminal)
    throw usage(
      'No terminal is here to ring the bell of.',
      'Run it in one, or ring by a command: --exec -- <command...>',
    );
  return { ...plain(`${agent}.bell`), where: 'by the bell', ring: async () => void terminal.write('\u0007') };
}

export function byNotice(context: Context, agent: string): Ringer {
  return {
    ...plain(`${agent}.notify`),
    where: 'by a notice',
    async ring(sentence) {
      for (const [file, words] of notices(sentence)) if ((await runToEnd(file, words).catch(() => null)) === 0) return;
      const terminal = terminalOf(context);
      if (!terminal)
        throw unsafe(
          'There is neither a desktop nor a terminal to show a notice on.',
          'Ring by a command: --exec -- <command...>',
        );
      // What knows no OSC 9 has the bell at its end.
      terminal.write(`\u001B]9;${sentence}\u0007\u0007`);
    },
  };
}

function notices(sentence: string): [file: string, words: string[]][] {
  const script = ['on run words', 'display notification (item 1 of words) with title "dreamos"', 'end run'];
  return [
    ['notify-send', ['--app-name=dreamos', 'dreamos', sentence]],
    ['osascript', [...script.flatMap((line) => ['-e', line]), sentence]],
  ];
}

function terminalOf({ around }: Context): Context['around']['stderr'] | undefined {
  return [around.stderr, around.stdout].find(({ isTTY }) => isTTY === true);
}

/** Who has no session of its own to look at may be rung at any time. */
function plain(session: string): Pick<Ringer, 'key' | 'hindrance'> {
  return { key: async () => ({ host: 'wake', session }), hindrance: async () => undefined };
}
