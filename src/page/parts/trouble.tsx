import { asProblem, type Problem } from '../data/problem.ts';

/** What went wrong, and what to do. */
export function Trouble({ problem }: { problem: Problem | undefined }) {
  if (!problem) return null;
  const { code, message, hint } = problem;
  return (
    <div class="trouble" role="alert">
      <p>
        {message} <code>{code}</code>
      </p>
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  );
}

/** For what a button has begun: its problem is told where the person is. */
export async function attempt(run: () => Promise<unknown>, tell: (problem: Problem | undefined) => void) {
  tell(undefined);
  try {
    await run();
  } catch (error) {
    tell(asProblem(error));
  }
}
