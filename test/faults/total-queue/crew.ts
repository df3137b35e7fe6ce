/** The processes of one round, each of which can be killed, paused and started again at any moment. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Role {
  /** A script in actors/. */
  readonly script: string;
  readonly name: string;
  readonly input: object;
}

interface Actor {
  readonly role: Role;
  child: ChildProcess;
  err: string;
  ended: Promise<void>;
  /** What the last signal asked for, so that an end that nobody asked for is seen. */
  fate: 'starts' | 'runs' | 'paused' | 'killed' | 'stopped';
  working: Promise<void>;
}

export class Crew {
  readonly failures: string[] = [];
  kills = 0;
  pauses = 0;
  readonly #actors: Actor[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #scripts: string;

  /** @param project the checkout, in which the actors find the built library */
  constructor(project: string, roles: readonly Role[], env: NodeJS.ProcessEnv) {
    this.#scripts = join(project, 'test', 'faults', 'total-queue', 'actors');
    this.#env = env;
    this.#actors = roles.map((role) => this.#start({ role } as Actor));
  }

  get size(): number {
    return this.#actors.length;
  }

  /** Until all have opened the root and begun to work. */
  async allWork(): Promise<void> {
    await Promise.all(this.#actors.map(({ working, ended }) => Promise.race([working, ended])));
  }

  /** SIGKILL, and another process in its place at once. */
  async kill(n: number): Promise<void> {
    const actor = this.#actors[n];
    if (actor?.fate !== 'runs') return;
    this.kills++;
    actor.fate = 'killed';
    actor.child.kill('SIGKILL');
    await actor.ended;
    this.#start(actor);
  }

  /** SIGSTOP, and SIGCONT after so long. @returns at once */
  pause(n: number, forMs: number): void {
    const actor = this.#actors[n];
    if (actor?.fate !== 'runs') return;
    this.pauses++;
    actor.fate = 'paused';
    actor.child.kill('SIGSTOP');
    setTimeout(() => this.#goOn(actor), forMs);
  }

  /** Asks the actors of some scripts to end, and waits for it. */
  async stop(scripts: readonly string[]): Promise<void> {
    const leaving = this.#actors.filter(({ role }) => scripts.includes(role.script));
    for (const actor of leaving) {
      this.#goOn(actor);
      actor.fate = 'stopped';
      actor.child.kill('SIGTERM');
    }
    await Promise.all(leaving.map((actor) => this.#endedInTime(actor)));
  }

  /** However the round ended, nothing of it keeps running. */
  abandon(): void {
    for (const actor of this.#actors) {
      actor.fate = 'killed';
      actor.child.kill('SIGKILL');
    }
  }

  #start(actor: Actor): Actor {
    const { script, input } = actor.role;
    const child = spawn(process.execPath, [join(this.#scripts, `${script}.mjs`), JSON.stringify(input)], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    actor.child = child;
    actor.err = '';
    actor.fate = 'starts';
    // Its first word. Killed before that it would only be a process that starts, again and again.
    actor.working = new Promise((resolve) => {
      child.stdout?.once('data', () => {
        if (actor.child === child && actor.fate === 'starts') actor.fate = 'runs';
        resolve();
      });
    });
    child.stderr?.on('data', (chunk: Buffer) => (actor.err += chunk.toString()));
    actor.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        sweepAfter(child.pid);
        // It may be too young to have heard of SIGTERM.
        const asked = actor.fate === 'killed' || (actor.fate === 'stopped' && (code === 0 || signal === 'SIGTERM'));
        if (actor.child === child && !asked) {
          this.failures.push(`${actor.role.name} ended by itself (${signal ?? code}): ${actor.err.slice(0, 900)}`);
        }
        resolve();
      });
    });
    return actor;
  }

  #goOn(actor: Actor): void {
    if (actor.fate !== 'paused') return;
    actor.fate = 'runs';
    actor.child.kill('SIGCONT');
  }

  async #endedInTime(actor: Actor): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), 20_000)));
    if ((await Promise.race([actor.ended, late])) === 'late') {
      this.failures.push(`${actor.role.name} had not ended 20 s after SIGTERM: ${stateOf(actor.child.pid)}.`);
      actor.fate = 'killed';
      actor.child.kill('SIGKILL');
    }
    clearTimeout(timer);
  }
}

/** What a process that hangs waits for, thread by thread; for whoever has to find out why. */
function stateOf(pid: number | undefined): string {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks)
      .map((task) => {
        const state = /^State:\s+(.*)$/m.exec(readFileSync(`${tasks}/${task}/status`, 'utf8'))?.[1];
        return `${readFileSync(`${tasks}/${task}/comm`, 'utf8').trim()} ${state} in ${readFileSync(`${tasks}/${task}/wchan`, 'utf8')}`;
      })
      .join(', ');
  } catch {
    return 'its state is not known';
  }
}

/** What libfaketime leaves in memory of a process that was killed. */
function sweepAfter(pid: number | undefined): void {
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`])
    rmSync(join('/dev/shm', name), { force: true });
}
