/** What a request came to that did not come to what was asked for. */

/** As RFC 9457 has it, with what dreamos adds. */
export interface ProblemTold {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string | null | undefined;
  readonly status: number;
}

export class Problem extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  /** Of HTTP; 0: there was no answer. */
  readonly status: number;

  constructor(told: ProblemTold) {
    super(told.detail);
    this.code = told.code;
    this.hint = told.hint ?? undefined;
    this.status = told.status;
  }
}

export async function problemIn(response: Response): Promise<Problem> {
  const { status } = response;
  try {
    const { code, detail, hint } = (await response.json()) as { code: string; detail: string; hint?: string | null };
    return new Problem({ code, detail, hint, status });
  } catch {
    return new Problem({ code: `HTTP_${status}`, detail: `The server answered ${status}.`, status });
  }
}

/** The policy does not let the person: asking again changes nothing. */
export function isRefused(thrown: unknown): boolean {
  return thrown instanceof Problem && thrown.status === 403;
}

export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof SyntaxError) return new Problem({ code: 'NO_JSON', detail: thrown.message, status: 0 });
  const detail = 'The server does not answer.';
  return new Problem({ code: 'NO_ANSWER', detail, hint: 'Is it running? dreamos serve status', status: 0 });
}
