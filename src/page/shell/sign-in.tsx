import { useState } from 'preact/hooks';
import { keepToken } from '../base/token.ts';
import { Field } from '../parts/ask/field.tsx';

/** Without a token, or with one that the server does not take any more. */
export function SignIn() {
  const [text, setText] = useState('');
  return (
    <main class="sign-in" id="main">
      <h1>dreamos</h1>
      <p>This page needs a token, which says which agent you are. This opens it with one:</p>
      <pre>$ dreamos dashboard</pre>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') keepToken(text.trim());
        }}
      >
        <Field label="Or a token" value={text} onInput={setText} />
        <p class="buttons">
          <button type="submit" class="main">
            Open
          </button>
        </p>
      </form>
      <p class="quiet">It stays in this tab: not in the address, and in no cookie.</p>
    </main>
  );
}
