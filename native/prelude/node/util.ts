type Callback = (error: unknown, value?: unknown) => void;

/** Of a function that takes a callback last. */
export function promisify(work: (...given: unknown[]) => void): (...given: unknown[]) => Promise<unknown> {
  return (...given) =>
    new Promise((resolve, reject) => {
      const callback: Callback = (error, value) => (error ? reject(error) : resolve(value));
      work(...given, callback);
    });
}
