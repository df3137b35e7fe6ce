const none = '/dev/null';

/** What would change in a file, as `diff -u` says it. @param was, next `undefined`: then there is no file */
export async function patchOf(path: string, was: string | undefined, next: string | undefined): Promise<string> {
  const { createTwoFilesPatch, FILE_HEADERS_ONLY: headerOptions } = await import('diff');
  const [from, to] = [was, next].map((text) => (text === undefined ? none : path));
  return createTwoFilesPatch(from ?? none, to ?? none, was ?? '', next ?? '', undefined, undefined, { headerOptions });
}
