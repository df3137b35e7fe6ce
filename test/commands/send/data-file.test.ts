import { beforeEach, expect, test } from 'vitest';
import { type Rig, type Terms, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const files = { 'facts.json': '\uFEFF{"n": 12345678901234567890}\n', 'broken.json': '{"n":', 'body.md': 'words' };
const data = async (): Promise<string> => {
  const { out } = await rig.dreamos('peek reviewer --json');
  return /"data":(.*?),"createdAt"/.exec(out)?.[1] ?? 'NO MESSAGE';
};

test.each<[string, Terms]>([
  ['--data @facts.json', { files }],
  ['--data-file facts.json', { files }],
  ['--data -', { stdin: files['facts.json'] }],
  ['--data @-', { stdin: files['facts.json'] }],
  ['--data-file -', { stdin: files['facts.json'] }],
  ['--data-file - --body-file body.md', { stdin: files['facts.json'], files }],
])('%s of a send takes the data from there, exactly', async (options, terms) => {
  const line = options.includes('--body-file') ? 'send reviewer --as planner' : 'send reviewer hello --as planner';
  expect(await rig.dreamos(`${line} ${options}`, terms)).toMatchObject({ code: 0, err: '' });
  expect(await data()).toContain('"n":1234567890123456');
});

test('reply, request, publish and schedule add take it, too', async () => {
  await rig.dreamos('subscribe build.done --as reviewer');
  expect((await rig.dreamos('publish build.done ok --as planner --data-file facts.json', { files })).code).toBe(0);
  expect(await data()).toContain('"n":');
  const receipt = await rig.claimed();
  const answer = await rig.dreamos(['reply', receipt, 'yes', '--data', '@facts.json', '--json'], { files });
  expect(answer.code).toBe(0);
  const add = ['schedule', 'add', 'nightly', '0 3 * * *', 'reviewer', 'check', '--as', 'planner'];
  const { json } = await rig.dreamos([...add, '--data-file', 'facts.json', '--json'], { files });
  expect(json[0]).toMatchObject({ message: { data: { n: expect.any(Number) } } });
  const asked = await rig.dreamos('request reviewer why --as planner --wait 1ms --data @facts.json', { files });
  expect(asked.err).toContain('No answer came');
});

test.each<[string, number, string, Terms?]>([
  ['hello --data @none.json', 2, 'There is no file "none.json"'],
  ['hello --data @', 2, 'There is no name of a file for the data.'],
  ['hello --data-file broken.json', 6, '"broken.json" is not JSON'],
  ['hello --data 1 --data-file facts.json', 2, 'The data is given twice'],
  ['--data -', 2, 'cannot both come from the standard input'],
  ['- --data-file -', 2, 'cannot both come from the standard input'],
  ['--body-file - --data @-', 2, 'cannot both come from the standard input'],
  ['hello --data -', 2, 'which is a terminal', { terminal: true }],
  ['hello --data -', 6, 'The standard input is not JSON'],
  ['--batch --data-file facts.json', 2, '--data-file says nothing with --batch'],
])('send reviewer %s is refused, and sends nothing', async (words, code, message, terms = {}) => {
  const result = await rig.dreamos(`send reviewer --as planner ${words}`, { files, stdin: '', ...terms });
  expect(result).toMatchObject({ code, out: '' });
  expect(result.err).toContain(message);
  expect((await rig.dreamos('peek reviewer')).code).toBe(3);
});

test("a byte order mark at the start of a batch is nobody's text, and one inside a line stays", async () => {
  const stdin = '\uFEFF{"to":"reviewer","body":"one"}\n{"to":"reviewer","body":"\uFEFFtwo"}\n';
  expect(await rig.dreamos('send --batch --as planner', { stdin })).toMatchObject({ code: 0, err: '' });
  const { json } = await rig.dreamos('list reviewer --json');
  expect(json.map(({ message }) => (message as { body: string }).body)).toEqual(['one', '\uFEFFtwo']);
  expect(await rig.dreamos('send --batch --as planner', { stdin: '\uFEFF\n' })).toMatchObject({
    code: 0,
    out: '',
    err: 'There was no line in it, so nothing was sent.\n',
  });
});

test('a priority may be written in capitals, as an option, in a line of a batch and as a filter', async () => {
  await rig.dreamos('send reviewer hello --as planner --priority HIGH');
  await rig.dreamos('send --batch --as planner', { stdin: '{"to":"reviewer","body":"b","priority":"High"}' });
  const { json } = await rig.dreamos('list reviewer --priority HIGH --json');
  expect(json.map(({ priority }) => priority)).toEqual(['high', 'high']);
});
