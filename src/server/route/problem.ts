/** Errors as RFC 9457 has them, with the code and the hint that the command tells. */
import { asDreamosError } from '../../cli/errors.ts';
import type { DreamosError, ErrorCode, ErrorKind } from '../../model/errors.ts';
import { Refusal } from './refusal.ts';

export interface Problem {
  /** `urn:dreamos:error:<CODE>`; help exit-codes lists the codes. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** The class of its code, which the command's exit codes speak of. */
  readonly kind: ErrorKind;
  readonly hint: string | null;
}

const ofKind: Readonly<Record<ErrorKind, number>> = {
  bug: 500,
  usage: 400,
  nothing: 404,
  'not-found': 404,
  conflict: 409,
  invalid: 400,
  disk: 503,
  unreachable: 503,
  denied: 403,
};

const ofCode: Partial<Record<ErrorCode, number>> = {
  DEDUPE_MISMATCH: 422,
  LIMITED: 429,
  MAILBOX_FULL: 429,
  MESSAGE_TOO_LARGE: 413,
  UNAUTHENTICATED: 401,
};

/** @param asked with `ifMatch`: what was to be changed only in one version is of another by now */
export function problemOf(thrown: unknown, { ifMatch }: { readonly ifMatch?: string | undefined } = {}): Problem {
  const error = asDreamosError(thrown);
  const { code, kind, message, hint } = error;
  return {
    type: `urn:dreamos:error:${code}`,
    title: code,
    status: statusOf(error, ifMatch !== undefined),
    detail: message,
    code,
    kind,
    hint: hint ?? null,
  };
}

function statusOf(error: DreamosError, isForOneVersion: boolean): number {
  if (error instanceof Refusal) return error.status;
  if (isForOneVersion && error.code === 'STATE_CHANGED') return 412;
  return ofCode[error.code] ?? ofKind[error.kind];
}
