import { useState } from 'preact/hooks';
import type { AuditVerified } from '../../../contract/security/audit.ts';
import { many } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { Button, pressMain } from '../../parts/ask/button.tsx';
import { Field } from '../../parts/ask/field.tsx';
import { State } from '../../parts/state.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';
import { When } from '../../parts/when.tsx';
import { Findings } from './findings.tsx';

/** Whether it is as it was written, and how far that goes. It reads all of it: when somebody asks for it. */
export function Verify() {
  const [found, setFound] = useState<AuditVerified>();
  const [problem, setProblem] = useState<Problem>();
  const [anchor, setAnchor] = useState('');
  const verify = (): Promise<void> =>
    attempt(async () => setFound(await look('audit.verify', { anchor: anchor.trim() })), setProblem);
  return (
    <details class="verify">
      <summary>Is it as it was written?</summary>
      <form onSubmit={pressMain}>
        <Field label="Anchor" hint="kept elsewhere, from: dreamos audit anchor" value={anchor} onInput={setAnchor} />
        <p class="buttons">
          <Button kind="main" run={verify}>
            Verify
          </Button>
        </p>
      </form>
      <Trouble problem={problem} />
      {found && <Verified found={found} />}
    </details>
  );
}

const words: Readonly<Record<AuditVerified['state'], string>> = {
  whole: 'Lines and checkpoints agree.',
  broken: 'It is not as it was written.',
  empty: 'Nothing was noted yet, or all of it is gone.',
};

function Verified({ found }: { found: AuditVerified }) {
  const { state, lines, checkpoints, since, until, unproved, prunedThrough, anchored, findings } = found;
  return (
    <div role="status">
      <p>
        <State of={state === 'broken' ? 'problem' : 'ok'}>{state}</State> {words[state]}{' '}
        {anchored !== null &&
          (anchored ? 'The anchor is one of its checkpoints.' : 'The anchor is none of its checkpoints.')}
      </p>
      <p class="quiet">
        {many(lines, 'line')}, {many(checkpoints, 'checkpoint')}
        {since !== null && until !== null && (
          <>
            {' '}
            from <When at={since} /> to <When at={until} />
          </>
        )}
        ; {many(unproved.lines, 'line')} behind the newest, which nothing proves yet
        {prunedThrough !== null && `; removed through ${prunedThrough}`}.
      </p>
      <Findings all={findings} />
    </div>
  );
}
