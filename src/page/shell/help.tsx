import { hasKeys } from '../base/settings.ts';
import { Button } from '../parts/ask/button.tsx';
import { Dialog } from '../parts/ask/question.tsx';
import { views } from './views.ts';

const keys = [
  ['j k', 'the next row, the one before'],
  ['Enter', 'opens it'],
  ['/', 'find'],
  ['[ ]', 'a page back, a page on'],
  ['t e r', 'take, done, answer'],
  ['Esc', 'leaves a field'],
] as const;

/** The keys, and the switch that turns them off. */
export function Help({ close }: { close: () => void }) {
  return (
    <Dialog title="Keys" close={close}>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        {views.map(
          ({ path, menu }) =>
            menu && (
              <div key={path}>
                <dt>
                  <kbd>g</kbd>
                  <kbd>{menu.press}</kbd>
                </dt>
                <dd>{menu.name}</dd>
              </div>
            ),
        )}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={hasKeys.value}
          onChange={(event) => (hasKeys.value = event.currentTarget.checked)}
        />{' '}
        Single keys do something
      </label>
      <p class="buttons">
        <Button kind="main" run={close}>
          Close
        </Button>
      </p>
    </Dialog>
  );
}
