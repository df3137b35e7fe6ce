/**
 * Several ways to the same, of which one does. Each is begun when the one before it has failed, or has not answered for a moment: who
 * is cut off ends nothing, and nobody waits for that longer than need be (RFC 8305, of addresses of one host).
 */

interface Ways<T> {
  /** Milliseconds. */
  readonly staggerMs: number;
  /** Behind it no other way is begun. */
  isFinal(error: unknown): boolean;
  /** Of one that was found too late. */
  letGo(late: T): void;
}

/**
 * @param ways each gets a signal that it is no longer wanted, and rejects then or soon @returns the first that was found, and which
 * @throws what is final; else of the last way
 */
export function firstOf<T>(
  ways: readonly ((signal: AbortSignal) => Promise<T>)[],
  { staggerMs, isFinal, letGo }: Ways<T>,
): Promise<{ readonly found: T; readonly at: number }> {
  return new Promise((resolve, reject) => {
    const unwanted = ways.map(() => new AbortController());
    let isOver = false;
    const failed: unknown[] = [];
    let begun = 0;
    let underWay = 0;
    let most = ways.length;
    let timer: NodeJS.Timeout | undefined;
    const begin = (): void => {
      clearTimeout(timer);
      if (begun >= most) return;
      const at = begun++;
      underWay++;
      if (begun < most) timer = setTimeout(begin, staggerMs);
      const way = ways[at] as (typeof ways)[number];
      way((unwanted[at] as AbortController).signal).then(
        (found) => {
          if (isOver) return letGo(found);
          isOver = true;
          clearTimeout(timer);
          unwanted.forEach((one, i) => i !== at && one.abort());
          resolve({ found, at });
        },
        (error: unknown) => {
          if (isOver) return;
          underWay--;
          failed[at] = error;
          if (isFinal(error)) most = begun;
          begin();
          if (underWay === 0) reject(failed.find(isFinal) ?? failed.at(-1));
        },
      );
    };
    begin();
  });
}
