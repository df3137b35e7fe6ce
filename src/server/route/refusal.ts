import { commandOf, type OperationName } from '../../contract/operations.ts';
import { DreamosError, type ErrorCode, type ErrorKind } from '../../model/errors.ts';

/** What only HTTP can refuse, by the number that HTTP has for it. */
export class Refusal extends DreamosError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param headers that the answer has besides */
  constructor(
    status: number,
    [kind, code]: readonly [ErrorKind, ErrorCode],
    message: string,
    hint?: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(kind, code, message, { hint });
    this.status = status;
    this.headers = headers;
  }
}

export const asUsage = ['usage', 'USAGE'] as const;
export const asDenied = ['denied', 'FORBIDDEN'] as const;

/** Of a server that only looks. */
export function onlyLooks(operation: OperationName): Refusal {
  const typed = operation === 'config.change' ? 'config set' : (commandOf(operation) ?? operation);
  return new Refusal(
    403,
    asDenied,
    `This server is read-only, and "${typed}" is more than a look.`,
    "Where its root is, put another in its place: DREAMOS_SERVER='' dreamos serve stop; DREAMOS_SERVER='' dreamos serve",
  );
}
