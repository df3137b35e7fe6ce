/** What a server says before it begins is believed as far as it can be one of dreamos'. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, serverAt } from '../../../src/core/remote/ask.ts';
import { scratch } from '../../scratch.ts';

test.each([
  ['a refusal', 403, { code: 'FORBIDDEN', kind: 'denied' }, { kind: 'denied', code: 'FORBIDDEN', message: 'No.' }],
  ['a kind that there is not', 403, { code: 'FORBIDDEN', kind: 'odd' }, { code: 'SERVER_DIFFERS' }],
  ['no kind', 403, { code: 'FORBIDDEN' }, { code: 'SERVER_DIFFERS' }],
  ['a page that is not there', 404, { code: 'AGENT_NOT_FOUND', kind: 'not-found' }, { code: 'SERVER_DIFFERS' }],
])('%s', async (_, status, problem, error) => {
  const socket = join(scratch(), 's');
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ ...problem, detail: 'No.', hint: null }));
  });
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
  try {
    const lines = ask(serverAt(`unix:${socket}`), {}, { v: '1', call: 'send', args: '[]' });
    await expect(lines.next()).rejects.toMatchObject(error);
  } finally {
    server.close();
  }
});
