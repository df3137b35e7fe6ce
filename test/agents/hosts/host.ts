import { type Pane } from '../tmux.ts';
import { screenShows, sleep, type World } from '../world.ts';

/** How a real agent is run in a world, and what it shows. */
export interface Agent {
  readonly name: 'claude' | 'codex' | 'gemini' | 'opencode';
  version(world: World): Promise<string>;
  /** Writes its settings, but for our hooks. */
  setUp(world: World): void;
  env(world: World): Readonly<Record<string, string>>;
  /** Starts it with a screen, and waits until it takes a prompt. */
  open(world: World): Promise<Pane>;
  /** Types a prompt, or a command of its own, and Enter. */
  submit(pane: Pane, text: string): Promise<void>;
  /** What runs it for one prompt, without a screen. */
  once(prompt: string): string;
  /** Its screen when it takes a prompt. */
  readonly ready: RegExp;
  /** Its screen when it asks whether it may do something. */
  readonly dialog: RegExp;
  /** Whether its session can be woken by what its hooks started. */
  readonly wakes: boolean;
  /** A prompt that has it make a file, if its model of the test's can. */
  readonly edit: string | undefined;
  /** What else makes happen what it tells of. */
  recordMore?(world: World): Promise<void>;
  readonly clear: string;
  readonly compact: string;
  /** The event that tells that it has. */
  readonly compacted: string;
  readonly quit: string;
}

/** Keys sent while it starts would be lost. */
export async function openWith(world: World, command: string, env: Record<string, string>, ready: RegExp) {
  const pane = await world.tmux.open(command, env);
  await screenShows(pane, ready);
  await sleep(1000);
  return pane;
}

/** At once it would be taken for something pasted, and Enter for a part of it. */
export async function submit(pane: Pane, text: string): Promise<void> {
  await pane.type(text);
  await sleep(600);
  await pane.press('Enter');
}

export async function versionOf(world: World, command: string): Promise<string> {
  const { out } = await world.sh(`${command} --version`);
  return /\d+\.\d+\.\d+/.exec(out)?.[0] ?? 'unknown';
}
