/** What an identity is sealed for, and opens with. @returns `undefined`: nothing is sealed yet */
export async function makeSealKey(): Promise<{ readonly secret: string; readonly recipient: string } | undefined> {
  return undefined;
}
