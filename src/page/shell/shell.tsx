import { useEffect, useState } from 'preact/hooks';
import { place } from '../base/place.ts';
import { token } from '../base/token.ts';
import { askWho, warning } from '../data/api.ts';
import { begun, startLive } from '../data/live.ts';
import { Empty } from '../parts/empty.tsx';
import { Heading } from '../parts/heading.tsx';
import { Toast } from '../parts/ask/toast.tsx';
import { Help } from './help.tsx';
import { followKeys } from './keys.ts';
import { Menu } from './menu.tsx';
import { SignIn } from './sign-in.tsx';
import { viewAt } from './views.ts';

export function Shell() {
  return token.value === '' ? <SignIn /> : <Inside key={token.value} />;
}

function Inside() {
  const [helping, setHelping] = useState(false);
  useEffect(() => startLive(), []);
  // Anew with each connection: the server that is back may be another one.
  useEffect(() => void askWho().catch(() => undefined), [begun.value]);
  useEffect(() => followKeys(() => setHelping(true)), []);
  const { path } = place.value;
  const view = viewAt(path);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address behind # is the view's.
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        To the content
      </a>
      <Menu help={() => setHelping(true)} />
      <main id="main" tabIndex={-1}>
        <Warning />
        {view ? (
          <view.Show key={view.stays ? view.path : path.slice(0, 2).join('/')} path={path.slice(1)} />
        ) : (
          <Nowhere />
        )}
      </main>
      <Toast />
      {helping && <Help close={() => setHelping(false)} />}
    </>
  );
}

/** What an operation that succeeded warned of. */
function Warning() {
  if (warning.value === undefined) return null;
  return (
    <div class="trouble mild" role="status">
      <p>{warning.value}</p>
      <button type="button" onClick={() => (warning.value = undefined)}>
        Read
      </button>
    </div>
  );
}

function Nowhere() {
  return (
    <>
      <Heading title="Nothing is here" />
      <Empty>There is no such view. The menu has those that there are.</Empty>
    </>
  );
}
