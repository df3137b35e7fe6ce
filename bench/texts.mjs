// What is sent, and the proof that all of it came back: a benchmark that loses messages measures nothing.

/** Texts of `bytes` bytes; each begins with its number, so that it can be told from every other. */
export function makeTexts(count, bytes = 1024) {
  const filler = 'The quick brown fox jumps over the lazy dog. '.repeat(Math.ceil(bytes / 45));
  return Array.from({ length: count }, (_, i) => `${String(i).padStart(8, '0')} ${filler}`.slice(0, bytes));
}

/** @throws when a text is missing, came twice, or was changed */
export function checkAll(who, sent, received) {
  const numbers = new Set(received.map((text) => Number(text.slice(0, 8))));
  const changed = received.filter((text) => text !== sent[Number(text.slice(0, 8))]).length;
  if (received.length === sent.length && numbers.size === sent.length && changed === 0) return;
  throw new Error(
    `${who} does not add up: ${sent.length} sent, ${received.length} received, ${numbers.size} different, ${changed} changed.`,
  );
}

/** @returns {readonly string[][]} */
export function inBatches(texts, size) {
  return Array.from({ length: Math.ceil(texts.length / size) }, (_, i) => texts.slice(i * size, (i + 1) * size));
}
