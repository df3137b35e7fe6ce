import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandsCalled, scriptNames, scriptOf } from '../../../src/storage/redis/link/scripts.ts';

const folder = join(import.meta.dirname, '../../../src/storage/redis');
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

test('every script has a name of its own, and is called by somebody', () => {
  const names = scriptNames();
  expect(names.length).toBeGreaterThan(60);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  expect(names.filter((name) => !sources.includes(`'${name}'`))).toEqual([]);
});

test('whoever names a script names one that there is', () => {
  const called = [...sources.matchAll(/\b(?:run|runAs|change|settle)\(\s*(?:\w+, )?'(\w+)'/g)].map((match) => match[1]);
  expect(called.length).toBeGreaterThan(50);
  expect(called.filter((name) => !scriptNames().includes(name ?? ''))).toEqual([]);
});

test('what only looks says so to the server, which then takes no write of it', () => {
  for (const name of scriptNames()) {
    const { source, isLook } = scriptOf(name);
    expect({ name, first: source.slice(0, source.indexOf('\n')) }).toEqual({
      name,
      first: expect.stringMatching(/^#!lua(?: flags=(?:no-writes|allow-oom))?$/) as string,
    });
    // What a script ends with: nothing of mail changes without being told.
    if (isLook) expect({ name, rings: source.includes('return ring(') }).toEqual({ name, rings: false });
  }
});

test('the rights that are looked at first are those of all that scripts call', () => {
  const called = scriptNames().flatMap((name) => [...scriptOf(name).source.matchAll(/\bcall\('(\w+)'/g)]);
  // Of this one each script looks for itself, because it needs its channel.
  const others = called.map((match) => match[1]).filter((name) => name !== 'PUBLISH');
  expect(new Set(commandsCalled)).toEqual(new Set(others));
});

test('a script has all functions that it calls, and not those that only others call', () => {
  const lua = 'function if and or not return in ipairs pairs pcall tonumber tostring type unpack call enc'.split(' ');
  for (const name of scriptNames()) {
    // Without texts, in which there are patterns.
    const source = scriptOf(name).source.replace(/'[^'\n]*'/g, '');
    const made = [...source.matchAll(/^ *local function (\w+)/gm)].map((match) => match[1]);
    const called = [...source.matchAll(/(?<![\w.:])(\w+) ?\(/g)].map((match) => match[1] ?? '');
    const lacks = called.filter((one) => !made.includes(one) && !lua.includes(one));
    expect({ name, lacks }).toEqual({ name, lacks: [] });
  }
  expect(scriptOf('nack').source).toContain('local function die(');
  expect(scriptOf('ack').source).not.toContain('local function die(');
});
