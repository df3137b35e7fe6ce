/** So much later the next one is tried beside what has neither come nor failed: one server that is away delays others by that. */
const headStartMs = 250;

/**
 * Tries one after the other until one comes.
 * @param isFinal of why one failed: no other one is tried then @returns what came, and its place among them @throws why the last one failed
 */
export function firstOf<T>(
  tries: readonly (() => Promise<T>)[],
  isFinal: (error: unknown) => boolean,
): Promise<{ readonly found: T; readonly at: number }> {
  return new Promise((resolve, reject) => {
    let begun = 0;
    let left = tries.length;
    let headStart: NodeJS.Timeout | undefined;
    const over = (end: () => void): void => {
      left = 0;
      clearTimeout(headStart);
      end();
    };
    const begin = (): void => {
      clearTimeout(headStart);
      const at = begun++;
      const one = tries[at];
      if (left === 0 || !one) return;
      headStart = setTimeout(begin, headStartMs);
      one().then(
        (found) => left > 0 && over(() => resolve({ found, at })),
        (error: unknown) => {
          if (left === 0) return;
          left--;
          if (left === 0 || isFinal(error)) over(() => reject(error));
          else begin();
        },
      );
    };
    begin();
  });
}
