/** What is written there; `undefined`: it is not JSON, which the caller's schema then refuses. */
export function parseJson(text: Buffer | string): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
