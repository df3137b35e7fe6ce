import type { ComponentChildren } from 'preact';
import type { Look } from '../data/use-look.ts';
import { Waiting } from './empty.tsx';
import { Trouble } from './trouble.tsx';

/** What was looked at, or that it is waited for; a problem stands above what was there before it. */
export function Shown<T>({ look, children }: { look: Look<T>; children: (value: T) => ComponentChildren }) {
  const { value, problem } = look;
  return (
    <>
      <Trouble problem={problem} />
      {value === undefined ? !problem && <Waiting /> : children(value)}
    </>
  );
}
