/** One timer for all who are to say now and then that they are there: they are woken together, and the process once. */
const everyMs = 15_000;

const waiting = new Set<() => void>();
let timer: NodeJS.Timeout | undefined;

/** @param call at the next tick, which comes within 15 seconds, and at each behind it @returns ends it */
export function onTick(call: () => void): () => void {
  // Of its own, so that ending one of two that are alike ends that one.
  const own = (): void => call();
  waiting.add(own);
  timer ??= setInterval(() => waiting.forEach((one) => one()), everyMs);
  return () => {
    waiting.delete(own);
    if (waiting.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
