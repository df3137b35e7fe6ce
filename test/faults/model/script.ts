import type { History } from './history.ts';
import type { Mutation } from './process.ts';
import { runHistory } from './world.ts';

/**
 * A history as numbered lines that a person reads: who begins what, which call changes the disk and how, who is killed,
 * what a power cut loses, what is broken then. Ids are m1, m2, …, buckets b1, b2, …; calls that only look are left out.
 */
export async function script(history: History, mutation?: Mutation): Promise<string> {
  const lines: string[] = [];
  const { violations } = await runHistory(history, { mutation, tell: (line) => lines.push(line) });
  const shorten = shortener();
  return [
    `seed ${history.seed}, crash model "${history.model}":`,
    ...lines
      .filter((line) => !/^P\d {3}(list|stat|read|touch|append) /.test(line))
      .map((line, i) => `${String(i + 1).padStart(4)}  ${shorten(line)}`),
    ...(violations.length === 0 ? ['not broken this time: the simulator does not repeat itself'] : []),
    ...violations.map(({ promised, text }) => `broken: ${promised}: ${shorten(text)}`),
  ].join('\n');
}

function shortener(): (text: string) => string {
  const names = new Map<string, string>();
  const name = (letter: string) => (long: string) => {
    const known =
      names.get(long) ?? `${letter}${[...names.values()].filter((short) => short.startsWith(letter)).length + 1}`;
    names.set(long, known);
    return known;
  };
  return (text) =>
    text
      .replaceAll(/\/r\/(agent_mailboxes\/)?/g, '')
      .replaceAll(/\b\d{13}-[0-9A-HJKMNP-TV-Z]{10}\b/g, name('b'))
      .replaceAll(
        /(?<=^|[^0-9A-Z])(i?)([0-7][0-9A-HJKMNP-TV-Z]{25})(?=$|[^0-9A-Z])/g,
        (_, i: string, id: string) => i + name('m')(id),
      )
      .replaceAll(/\b([0-9a-f]{2}\/)?[0-9a-f]{64}\b/g, name('key'));
}
