/** Traces over several processes, with a real provider in them and without one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { native, project, test } from './rig.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe.concurrent('a trace', () => {
  test('goes from a send to a worker, its command and what that sends', async ({ rig }) => {
    await rig.dreamos('send reviewer hello --as planner', { env: { TRACEPARENT: traceparent, TRACESTATE: 'a=1' } });
    const handler = 'echo "$TRACEPARENT $TRACESTATE"; dreamos send planner done > nothing';
    const { out } = await rig.dreamos(['work', 'reviewer', '-n', '1', '--', 'sh', '-c', handler], {
      env: { TRACEPARENT: 'of the shell of the worker' },
    });
    expect(out).toBe(`${traceparent} a=1\n`);
    expect((await rig.dreamos('read planner --json')).json[0]?.message).toMatchObject({
      traceparent,
      tracestate: 'a=1',
    });
  });

  // The native program has no providers.
  test.skipIf(native)('has a span for each step in each process that has registered a provider', async ({ rig }) => {
    const file = join(rig.dir, 'spans.jsonl');
    const env = { NODE_OPTIONS: `--import=${join(project, 'test/e2e/workers/spans.mjs')}`, SPANS: file };
    await rig.dreamos('send reviewer hello --as planner', { env });
    const handler = ['sh', '-c', 'echo "$TRACEPARENT"; dreamos send planner done > nothing'];
    const { out } = await rig.dreamos(['work', 'reviewer', '-n', '1', '--', ...handler], { env });
    const spans = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Span);
    const named = new Map(spans.map((span) => [span.name, span]));
    const [sent, processed, acked] = ['send reviewer', 'process reviewer', 'ack reviewer'].map((name) =>
      named.get(name),
    );
    const answered = named.get('send planner');
    expect(processed?.parent).toBe(sent?.spanId);
    expect(out).toBe(`00-${sent?.traceId}-${processed?.spanId}-01\n`);
    for (const span of [acked, answered])
      expect(span).toMatchObject({ traceId: sent?.traceId, parent: processed?.spanId });
    const { message } = (await rig.dreamos('read planner --json')).json[0] ?? {};
    expect(message).toMatchObject({ traceparent: `00-${sent?.traceId}-${answered?.spanId}-01` });
  });

  test.skipIf(native)('costs nothing where there is none: its package is not loaded', async ({ rig }) => {
    const tell = `process.on('exit', () => console.error(Object.keys(require.cache).some((path) => path.includes('opentelemetry')) ? 'LOADED' : 'not loaded'));`;
    writeFileSync(join(rig.dir, 'tell.cjs'), tell);
    const env = { NODE_OPTIONS: `--require=${join(rig.dir, 'tell.cjs')}`, SPANS: join(rig.dir, 'spans.jsonl') };
    for (const words of ['send reviewer hello --as planner', 'read reviewer --ack', 'read reviewer'])
      expect((await rig.dreamos(words, { env })).err).toContain('not loaded');
    const traced = {
      ...env,
      NODE_OPTIONS: `${env.NODE_OPTIONS} --import=${join(project, 'test/e2e/workers/spans.mjs')}`,
    };
    expect((await rig.dreamos('send reviewer hello --as planner', { env: traced })).err).toContain('LOADED');
  });
});
