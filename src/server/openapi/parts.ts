/** What many operations have in common. */
import { keyCharacters } from '../../model/basics/limits.ts';
import { errorKinds } from '../../model/errors.ts';

const errorCode = { type: 'string', pattern: '^[A-Z][A-Z_]*$', description: 'dreamos explain <code>' };

export const problem = {
  type: 'object',
  description: 'RFC 9457, with the code and the hint that the command tells.',
  properties: {
    type: { type: 'string', description: 'urn:dreamos:error:<code>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, for people.' },
    code: errorCode,
    kind: { enum: errorKinds, description: 'The class of its code: dreamos help exit-codes' },
    hint: { type: ['string', 'null'], description: 'What to type next.' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'kind', 'hint'],
} as const;

const what = {
  '400': 'It cannot be meant: a field that there is not, or a value that cannot be.',
  '401': 'It is not known who asks: no token, or one that is not good any more.',
  '403': 'Who asks may not do it.',
  '404': 'There is no such agent, message, task, topic, schedule or version.',
  '409': 'It is not, or not any more, in the state that this needs.',
  '412': 'Another version holds by now than `If-Match` says. Nothing was changed.',
  '413': 'It is more than a message may have.',
  '415': 'It is neither JSON nor, where several are taken, JSON Lines.',
  '421': 'The server is not called that.',
  '422': 'Something else was sent under this dedupe key before.',
  '429': 'A mailbox is full, or its agent has sent as much as it may; `Retry-After` says when to try again.',
  '408': 'Nothing more of the body has come for 20 seconds.',
  '503':
    'The disk has failed: a send may have been done, if its code is SEND_UNCERTAIN. Or it is SERVER_BUSY: nothing was done, and ' +
    '`Retry-After` says when to ask again.',
} as const;

const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/problem' } } } as const;

/** By status. */
export const problems = Object.fromEntries(
  Object.entries(what).map(([status, description]) => [
    status,
    {
      description,
      ...((status === '429' || status === '503') && {
        headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } },
      }),
      ...(status === '401' && {
        headers: { 'WWW-Authenticate': { description: 'Bearer', schema: { type: 'string' } } },
      }),
      content,
    },
  ]),
);

const inHeader = (name: string, description: string, schema: object = { type: 'string' }) => ({
  ...{ name, in: 'header', description, required: false, schema },
});

export const parameters = {
  'Dreamos-Agent': inHeader(
    'Dreamos-Agent',
    "Who asks, on the one socket of the root's user; elsewhere the token or the socket says it, and another name is refused.",
    { type: 'string', pattern: '^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$' },
  ),
  'Idempotency-Key': inHeader(
    'Idempotency-Key',
    'Its dedupe key, quoted or bare: said again, it is done once. 201 at first, then 200 with `duplicate`.',
    { type: 'string', minLength: 1, maxLength: keyCharacters },
  ),
  'If-Match': inHeader('If-Match', 'Only if this version holds: what `ETag` of the look has said.', {
    type: 'string',
    pattern: '^"\\d{1,9}"$',
  }),
  'If-None-Match': inHeader('If-None-Match', '304, if it is still as the `ETag` of this says.'),
  'Last-Event-ID': inHeader('Last-Event-ID', 'A cursor, behind which it goes on; as `since`.'),
} as const;

export const headers = {
  ETag: { description: 'Which version it is.', schema: { type: 'string' } },
  'Dreamos-Warning': {
    description: 'What the command would warn of: a list of texts as JSON, percent-encoded.',
    schema: { type: 'string' },
  },
} as const;
