/**
 * Files with wrong bytes in them: flipped, cut, zeroed, lengthened, swapped, of every kind of file that a root holds. A
 * message is never delivered wrong and never blocks others; what else is spoilt is rebuilt or reported.
 */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { oneOf, seeded, whole as wholeNumber, type Random } from '../model/random.ts';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import { commandsPerTree, runCommands } from './command-lines.ts';
import { fuzzParsers, fuzzReaders } from './fuzz.ts';
import { specimenOf, type Specimen } from './kinds.ts';
import { probe, type Seen } from './probe.ts';
import { makeSpecimen } from './specimen.ts';
import { flip, lengthened, truncate, tryOut, zeroed, type Spoiling } from './spoil.ts';
import { filesOf, overwrite, templateOf, type Template } from './tree.ts';

export const part: FaultPart = {
  name: 'corruption',
  async cannotRun() {
    return undefined;
  },
  run,
};

interface Rig {
  readonly template: Template;
  readonly files: readonly Specimen[];
  /** What an unspoilt root shows. */
  readonly whole: Seen;
  readonly dir: string;
  readonly failures: string[];
  readonly random: Random;
}

async function run(options: FaultOptions): Promise<FaultResult> {
  // Thousands of small trees are made and removed, and nothing here depends on the disk.
  const inMemory = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/dreamos-corruption-') : undefined;
  try {
    return await runIn(inMemory ?? options.dir, options);
  } finally {
    if (inMemory !== undefined) rmSync(inMemory, { recursive: true, force: true });
  }
}

async function runIn(dir: string, { bounded, seed, progress }: FaultOptions): Promise<FaultResult> {
  const rig = await prepare(dir, seed);
  const all = [...spoilings(rig, bounded)];
  const endsAt = performance.now() + (bounded ? 5500 : Infinity);
  let done = 0;
  for (const spoiling of bounded ? shuffled(all, rig.random) : all) {
    if (performance.now() > endsAt) break;
    await look(rig, spoiling);
    if (++done % 1000 === 0) progress(`${done} of ${all.length} spoilt files, ${rig.failures.length} failures`);
  }
  const swaps = await swapAll(rig, bounded);
  progress(`${done} spoilt files, ${swaps} swaps; now the commands and the parsers`);
  const commands = await tryCommands(rig, all, bounded);
  const runs = bounded ? 300 : 20_000;
  const fuzz = [fuzzParsers(seed, runs), await fuzzReaders(seed, runs)];
  const kinds = new Set(rig.files.map(({ kind }) => kind));
  return {
    figures: { kinds: kinds.size, spoilt: done, swaps, commands, parses: fuzz.reduce((sum, one) => sum + one.runs, 0) },
    failures: [...rig.failures, ...fuzz.flatMap((one) => one.failures)].map((text) => `seed ${seed}: ${text}`),
  };
}

async function prepare(dir: string, seed: number): Promise<Rig> {
  const path = await makeSpecimen(join(dir, 'specimen'));
  const template = templateOf(path);
  const pristine = join(dir, 'copy');
  template.copyTo(pristine);
  const whole = await probe(pristine, false);
  rmSync(pristine, { recursive: true });
  const failures = whole.failures.map((text) => `An unspoilt root: ${text}`);
  // 1 alone, 3 of a batch, 2 x to both, 2 x keyed, 1 later, 1 in flight, 2 by hand, 2 x committed
  if (whole.delivered.size !== 14) failures.push(`An unspoilt root delivers ${whole.delivered.size} messages, not 14.`);
  if (!/^[0-9A-Z]{26}$/.test(whole.repeat)) failures.push(`A repeat of the keyed send is answered: ${whole.repeat}.`);
  const files = filesOf(path).map(specimenOf);
  return { template, files, whole, dir, failures, random: seeded(seed) };
}

/** Full: a bit of each byte, each bit of a message that is alone, and each length. Bounded: drawn from the same. */
function* spoilings({ files, random }: Rig, bounded: boolean): Generator<Spoiling> {
  for (const file of files) {
    yield zeroed(file);
    yield lengthened(file);
    const everyBit = file.kind === 'message, ready' && !bounded;
    for (let at = 0; at < file.bytes.length; at++) {
      if (everyBit) for (let bit = 0; bit < 8; bit++) yield flip(file, at, 1 << bit);
      else yield flip(file, at, 1 << wholeNumber(random, 8));
      yield truncate(file, at);
    }
  }
}

async function look(rig: Rig, spoiling: Spoiling): Promise<void> {
  const { template, whole, failures } = rig;
  const { kind, paths } = spoiling.file;
  for (const text of await tryOut(template, placeOf(rig), spoiling, whole, rig.random() < 0.5)) {
    failures.push(`${kind} (${paths[0]}), ${spoiling.name}: ${text}`);
  }
}

/** Two files under each other's names. Only where a message would be delivered wrong is it wrong. */
async function swapAll(rig: Rig, bounded: boolean): Promise<number> {
  const { files, template, whole, failures, random } = rig;
  const endsAt = performance.now() + (bounded ? 1500 : Infinity);
  let swaps = 0;
  for (const [i, a] of files.entries()) {
    for (const b of files.slice(i + 1)) {
      if (bounded && (random() > 0.2 || performance.now() > endsAt)) continue;
      const dir = placeOf(rig);
      template.copyTo(dir);
      swap(join(dir, a.paths[0]), join(dir, b.paths[0]));
      const seen = await probe(dir, random() < 0.5);
      rmSync(dir, { recursive: true });
      swaps++;
      const where = `${a.paths[0]} swapped with ${b.paths[0]}`;
      failures.push(...seen.failures.map((text) => `${where}: ${text}`));
      const touched = new Set([...a.holds, ...b.holds].map(({ place }) => place));
      // What lies in drop/ is a script's to say, whatever it is.
      const byHand = a.kind === 'handed in' || b.kind === 'handed in';
      for (const [place, times] of seen.delivered) {
        // A message whose file was put into drop/ is handed in once more, by whoever put it there.
        if (byHand && touched.has(place)) continue;
        if (times.length > 1 || (times[0] !== whole.delivered.get(place)?.[0] && !byHand))
          failures.push(`${where}: ${place} was delivered wrong.`);
      }
      for (const place of whole.delivered.keys()) {
        if (!seen.delivered.has(place) && !touched.has(place) && !byHand)
          failures.push(`${where}: ${place} was not delivered.`);
      }
    }
  }
  return swaps;
}

async function tryCommands(rig: Rig, all: readonly Spoiling[], bounded: boolean): Promise<number> {
  const { template, failures, random, files } = rig;
  const endsAt = performance.now() + (bounded ? 2500 : Infinity);
  let trees = 0;
  const tries = bounded ? files.length : files.length * 20;
  for (let n = 0; n < tries && performance.now() < endsAt; n++) {
    const file = bounded ? oneOf(random, files as [Specimen, ...Specimen[]]) : (files[n % files.length] as Specimen);
    const ofFile = all.filter((one) => one.file === file);
    const spoiling = oneOf(random, ofFile as [Spoiling, ...Spoiling[]]);
    const dir = placeOf(rig);
    template.copyTo(dir);
    overwrite(join(dir, file.paths[0]), spoiling.bytes);
    for (const text of await runCommands(dir))
      failures.push(`${file.kind} (${file.paths[0]}), ${spoiling.name}: ${text}`);
    rmSync(dir, { recursive: true });
    trees++;
  }
  return trees * commandsPerTree;
}

/** Always the same, because the id of what a script hands in depends on where it lies. */
function placeOf(rig: Rig): string {
  return join(rig.dir, 'copy');
}

function swap(a: string, b: string): void {
  renameSync(a, `${a}.swap`);
  renameSync(b, a);
  renameSync(`${a}.swap`, b);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
