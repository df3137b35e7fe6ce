import type { RunCommand } from '../../core/alerts/tell.ts';
import type { Context } from '../context.ts';
import { checkCommand, notStarted } from './find-command.ts';
import { runHandler } from './handler.ts';
import { createTail } from './tail.ts';

/** Runs the commands of alerts, without a shell, where this command was called. What they print goes nowhere but for the reason. */
export function alertRunner({ around }: Context, root: string): RunCommand {
  return async (command, told, signal) => {
    await checkCommand(around, command);
    const tail = createTail();
    try {
      const { exitCode } = await runHandler({
        command,
        env: { ...around.env, DREAMOS_ROOT: root },
        cwd: around.cwd(),
        stdin: `${JSON.stringify(told)}\n`,
        signal,
        hurry: around.signal,
        onExit: () => undefined,
        onStdout: async () => undefined,
        onStderr: async (chunk) => tail.add(chunk),
      });
      return { exitCode, said: tail.text() };
    } catch (error) {
      throw notStarted(error, command, '');
    }
  };
}
