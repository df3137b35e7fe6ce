import { createBell } from '../../core/wait/bell.ts';

/**
 * Of pictures of the same thing the newest: who is slow misses those between, and nothing is kept for him.
 * @param items end by themselves when nobody wants them any more
 */
export async function* latest<T>(items: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  const bell = createBell();
  let newest: { readonly value: T } | undefined;
  let isOver = false;
  const looking = (async () => {
    for await (const value of items) {
      newest = { value };
      bell.ring();
    }
  })();
  const over = (): void => {
    isOver = true;
    bell.ring();
  };
  // Its failure is told by the await below.
  void looking.then(over, over);
  for (;;) {
    const { value } = newest ?? {};
    const isNew = newest !== undefined;
    newest = undefined;
    if (isNew) yield value as T;
    else if (isOver) break;
    else await bell.rest(Infinity);
  }
  await looking;
}
