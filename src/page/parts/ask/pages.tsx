import { change, place } from '../../base/place.ts';
import { Button } from './button.tsx';

/** How many a page has. */
export const pageSize = 100;

/** Where the list begins, and where the pages before it began: in the address, so that a page can be sent to somebody. */
export function afterInAddress(): string | undefined {
  return beginnings().at(-1);
}

function beginnings(): string[] {
  return place.value.query
    .getAll('after')
    .flatMap((text) => text.split(' '))
    .filter(Boolean);
}

/** The page that is shown of what is here whole: `from` in the address says where it begins; an address may say anything. */
export function partOf<T>(rows: readonly T[]): readonly T[] {
  const from = beginOf(rows.length);
  return rows.slice(from, from + pageSize);
}

function beginOf(all: number): number {
  const from = Math.trunc(Number(place.value.query.get('from')));
  return Math.max(0, Math.min(from || 0, all - 1));
}

/** Forward and back in it. */
export function Parts({ all }: { all: number }) {
  if (all <= pageSize) return null;
  const from = beginOf(all);
  const to = (at: number) => (): void => change({ from: at > 0 ? String(at) : undefined });
  return (
    <nav class="pages" aria-label="Pages">
      <Button disabled={from === 0} press="[" run={to(Math.max(0, from - pageSize))}>
        Back
      </Button>
      <span>
        {from + 1}–{Math.min(all, from + pageSize)} of {all}
      </span>
      <Button disabled={from + pageSize >= all} press="]" run={to(from + pageSize)}>
        On
      </Button>
    </nav>
  );
}

/** Forward and back, of a list that has more than one page. @param next what continues it */
export function Pages({ next, shown }: { next: string | null; shown: number }) {
  const before = beginnings();
  if (before.length === 0 && next === null) return null;
  const from = before.length * pageSize;
  return (
    <nav class="pages" aria-label="Pages">
      <Button
        disabled={before.length === 0}
        press="["
        run={() => change({ after: before.slice(0, -1).join(' ') || undefined })}
      >
        Back
      </Button>
      <span>
        {from + 1}–{from + shown}
      </span>
      <Button disabled={next === null} press="]" run={() => change({ after: [...before, next ?? ''].join(' ') })}>
        On
      </Button>
    </nav>
  );
}
