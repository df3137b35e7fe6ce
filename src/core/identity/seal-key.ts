/** What an identity is sealed for, and opens with. */
export async function makeSealKey(): Promise<{ readonly secret: string; readonly recipient: string }> {
  return (await import('../age/age.ts')).makeSealKey();
}
