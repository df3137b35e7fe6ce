/** What is written piece by piece. */
export type Pieces = AsyncGenerator<string, void, undefined>;

/** The body of an answer: the next piece is asked for when the one before has left this process. */
export function bodyOf(pieces: Pieces): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        for (;;) {
          const { done, value } = await pieces.next();
          if (done) return controller.close();
          if (value === '') continue;
          return controller.enqueue(encoder.encode(value));
        }
      },
      cancel: () => {
        // What it waits for ends with its signal; nobody waits for that.
        void pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}
