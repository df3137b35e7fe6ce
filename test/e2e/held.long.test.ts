import { expect } from 'vitest';
import { test } from './rig.ts';

test('what a cut-off read has claimed is said by the next one, and finished by a bare ack', async ({ bare }) => {
  const { code } = await bare.shell(
    'dreamos init planner reviewer && dreamos send reviewer "Is it ready?" --as planner',
  );
  expect(code).toBe(0);
  await bare.shell('dreamos read reviewer | head -4');
  const again = await bare.shell('dreamos read reviewer');
  expect(again.code).toBe(3);
  expect(again.err).toContain('reviewer still holds what it has not finished:');
  const [show = '', ack = ''] = again.err.match(/^dreamos .*$/gm) ?? [];
  expect((await bare.shell(`${show} --body`)).out).toBe('Is it ready?');
  expect((await bare.shell('dreamos ack --as planner')).code).toBe(4);
  expect((await bare.shell('dreamos ack')).code).toBe(0);
  expect((await bare.shell(ack)).code).toBe(5);
});

test('two that read one mailbox under labels are told apart by whoever looks', async ({ rig }) => {
  for (const body of ['one', 'two', 'three']) await rig.dreamos(`send reviewer ${body} --as planner`);
  const take = async (words: string, env: Record<string, string>) => {
    const { code, json } = await rig.dreamos(`read reviewer --json ${words}`, { env });
    expect(code).toBe(0);
    return { id: json[0]?.message.id ?? '', receipt: json[0]?.receipt ?? '' };
  };
  const first = await take('', { DREAMOS_LABEL: 'build 1' });
  const second = await take('--label build-2', { DREAMOS_LABEL: 'build 1' });
  const third = await take('', {});
  const { json } = await rig.dreamos('list reviewer --state inflight --json');
  expect(new Map(json.map(({ id, heldLabel }) => [id, heldLabel]))).toEqual(
    new Map([
      [first.id, 'build 1'],
      [second.id, 'build-2'],
      [third.id, undefined],
    ]),
  );
  expect((await rig.dreamos(`ack ${first.receipt}`, { env: { DREAMOS_LABEL: 'build 1' } })).code).toBe(0);
  expect((await rig.dreamos(['nack', second.receipt, '--label', 'build-2', '--delay', '1h'])).code).toBe(0);
  expect((await rig.dreamos(['renew', third.receipt, '--label', 'build-3'])).code).toBe(0);
  expect((await rig.dreamos(['reply', third.receipt, 'x', '--ack', '--label', 'build-4'])).code).toBe(0);
  const told = async (id: string) =>
    (await rig.dreamos(`trace ${id} --json`)).json
      .filter((step) => step.id === id && step.event !== 'delivered')
      .map(({ event, label }) => [event, label]);
  expect(await told(first.id)).toEqual([
    ['claimed', 'build 1'],
    ['acked', 'build 1'],
  ]);
  expect(await told(second.id)).toEqual([
    ['claimed', 'build-2'],
    ['nacked', 'build-2'],
  ]);
  expect(await told(third.id)).toEqual([
    ['claimed', undefined],
    ['renewed', 'build-3'],
    ['acked', 'build-4'],
  ]);
});

test('a label that cannot be one is refused before anything is taken, and named', async ({ rig }) => {
  await rig.dreamos('send reviewer one --as planner');
  for (const terms of [{ env: { DREAMOS_LABEL: 'a\u001B[31mb' } }, { env: {} }]) {
    const words = ['read', 'reviewer', ...(terms.env.DREAMOS_LABEL === undefined ? ['--label', 'x'.repeat(65)] : [])];
    const { code, err } = await rig.dreamos(words, terms);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('cannot be the label of a consumer') as string,
    });
    expect(err).toContain(
      'Next: A label (--label or DREAMOS_LABEL) has 1 to 64 characters, none of them a control character',
    );
  }
  expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ ready: 1, inflight: 0 }]);
});

test('a question is answered and finished with what is typed in a moment', async ({ bare }) => {
  await bare.shell('dreamos init planner reviewer');
  const { code, out } = await bare.shell(
    `dreamos request reviewer "Which colour?" --as planner --wait 30s &
     dreamos read reviewer --wait 20s >/dev/null && dreamos reply "blue" --ack >/dev/null; wait $!`,
  );
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('\nblue\n') as string });
});
