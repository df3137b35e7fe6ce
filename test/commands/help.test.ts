import { expect, test } from 'vitest';
import { topicNames, topics } from '../../src/cli/help/topics.ts';
import { commandOf, operationNames } from '../../src/contract/operations.ts';
import { createRig } from './rig.ts';

const rig = await createRig();

test.each(topicNames)('help %s is a page that reads well as it is printed', async (topic) => {
  const { code, out, err } = await rig.dreamos(`help ${topic}`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^# \S.*\n\n\S/);
  expect(out).toMatch(/\S\n$/);
  expect(out).not.toMatch(/<!--|\n\n\n/);
  // Tables are as wide as they are, and so are the signatures and comments of the sources in the reference.
  const widest = topic === 'reference' ? 125 : 80;
  expect(out.split('\n').filter((line) => line.length > widest && !line.startsWith('|'))).toEqual([]);
});

test('--help names every topic, help without words also says what each answers', async () => {
  const brief = (await rig.dreamos('--help')).out;
  const { code, out } = await rig.dreamos('help');
  expect(code).toBe(0);
  expect(out.startsWith(brief)).toBe(true);
  const named = brief.slice(brief.indexOf('Topics: '));
  for (const topic of topicNames) {
    expect(named).toMatch(new RegExp(`\\b${topic}\\b`));
    expect(out).toMatch(new RegExp(`^  ${topic} +${topics[topic]}$`, 'm'));
  }
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('an unknown topic is a usage error that names every one', async () => {
  const { code, err } = await rig.dreamos('help fromat');
  expect(code).toBe(2);
  expect(err).toContain(topicNames.join(', '));
});

test('completion knows what help can be asked for', async () => {
  const { out } = await rig.dreamos('completion bash');
  const line = out.split('\n').find((row) => row.includes('"help")')) ?? '';
  for (const word of ['send', 'archive', ...topicNames]) expect(line).toMatch(new RegExp(`[" ]${word} `));
});

test('help agent fits into what a model is told', async () => {
  const { out } = await rig.dreamos('help agent');
  expect(out.length).toBeLessThanOrEqual(1500);
  for (const word of ['read', 'ack', 'reply', 'send', 'request', 'DREAMOS_AGENT']) expect(out).toContain(word);
});

test('help man is a manual page with every command and option, and no line that is taken for a request', async () => {
  const { code, out } = await rig.dreamos('help man');
  expect(code).toBe(0);
  const requests = ['TH', 'SH', 'SS', 'nf', 'fi', 'TP', 'B'];
  for (const line of out.split('\n').filter((one) => /^[.']/.test(one)))
    expect(requests).toContain(/^\.(\w+)/.exec(line)?.[1]);
  const flags = (text: string): string[] => [...new Set(text.match(/--[a-z][a-z-]+/g))];
  const page = out.replaceAll('\\-', '-');
  for (const command of ['send', 'dlq retry', 'archive export', 'completion']) {
    expect(page).toContain(`.SS "dreamos ${command} `);
    const help = (await rig.dreamos(`${command} --help`)).out;
    for (const flag of flags(help)) expect(page).toContain(flag);
  }
});

const verbs = operationNames.flatMap((name) => commandOf(name)?.replace(/ --.*/, '') ?? []);

test.each(['', ...verbs, ...new Set(verbs.flatMap((verb) => /^(\w+) /.exec(verb)?.[1] ?? []))])(
  'dreamos %s --help fits 80 columns',
  async (verb) => {
    const { code, out } = await rig.dreamos(`${verb} --help`);
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  },
);
