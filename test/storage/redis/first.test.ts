import { expect, test } from 'vitest';
import { firstOf } from '../../../src/storage/redis/link/first.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const letGo = () => undefined;
const isFinal = (error: unknown) => (error as Error).message === 'final';
const terms = { staggerMs: 5, isFinal, letGo };
const never = () => new Promise<string>(() => undefined);
const fails = async (): Promise<string> => {
  throw new Error('no');
};
const fatal = async (): Promise<string> => {
  throw new Error('final');
};

test('who does not answer is overtaken, and is told that it is no longer wanted', async () => {
  const ended: string[] = [];
  const silent = (name: string) => (signal: AbortSignal) => {
    signal.addEventListener('abort', () => ended.push(name));
    return never();
  };
  const there = async (signal: AbortSignal) => {
    void silent('there')(signal);
    return 'there';
  };
  expect(await firstOf([silent('a'), silent('b'), there, silent('c')], terms)).toEqual({ found: 'there', at: 2 });
  expect(ended).toEqual(['a', 'b']);
});

test('who fails is followed at once, and of who answers in time nobody else is asked', async () => {
  const asked: string[] = [];
  const here = async () => 'here';
  const never2 = () => (asked.push('late'), never());
  expect(await firstOf([fails, here, never2], { ...terms, staggerMs: 60_000 })).toEqual({ found: 'here', at: 1 });
  expect(asked).toEqual([]);
});

test('a failure is told when nobody is under way, of the last one; and one that is final ends the search', async () => {
  const last = async (): Promise<string> => {
    throw new Error('last');
  };
  await expect(firstOf([fails, last], terms)).rejects.toThrow('last');
  await expect(firstOf([fails, fatal, async () => 'here'], { ...terms, staggerMs: 60_000 })).rejects.toThrow('final');
  const slow = async () => {
    await pause(30);
    return 'slow';
  };
  expect(await firstOf([slow, fatal, async () => 'here'], terms)).toEqual({ found: 'slow', at: 0 });
});

test('who comes too late is let go of', async () => {
  const late: string[] = [];
  let answer: (found: string) => void = () => undefined;
  const first = () => new Promise<string>((resolve) => (answer = resolve));
  const found = firstOf([first, async () => 'second'], { ...terms, letGo: (one) => late.push(one) });
  expect(await found).toEqual({ found: 'second', at: 1 });
  answer('first');
  await expect.poll(() => late).toEqual(['first']);
});
