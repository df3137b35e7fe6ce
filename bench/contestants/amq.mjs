// AMQ (github.com/avivsinai/agent-message-queue, Go): one process a command over files, as dreamos is.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../processes.mjs';
import { Absent } from './absent.mjs';

const version = 'v0.68.0';
const programs = join(import.meta.dirname, '../node_modules/.cache/go');

/** One-shot commands over a root of its own. @throws Absent */
export function openAmq(folder, env) {
  const program = install();
  const amq = (args, options) => runProgram(program, [...args, '--root', folder], { env, ...options });
  amq(['init', '--agents', 'sender,box']);
  return {
    send: (body, options) => amq(['send', '--me', 'sender', '--to', 'box', '--body', body], options),
    drain: (options) => amq(['drain', '--me', 'box', '--include-body'], options),
  };
}

function install() {
  const program = join(programs, 'amq');
  if (existsSync(program)) return program;
  const { status, error, stderr } = spawnSync(
    'go',
    ['install', `github.com/avivsinai/agent-message-queue/cmd/amq@${version}`],
    {
      env: { ...process.env, GOBIN: programs },
      encoding: 'utf8',
    },
  );
  if (error) throw new Absent('AMQ: Go is not installed');
  if (status !== 0) throw new Absent(`AMQ ${version} cannot be installed: ${stderr.trim().split('\n').at(-1).trim()}`);
  return program;
}
