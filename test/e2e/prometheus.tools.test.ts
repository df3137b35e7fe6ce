/** What `dreamos metrics` writes, read by who it is for: Prometheus, promtool, node_exporter, the parsers of Python's client. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { freePort } from '../free-port.ts';
import { demand, missing, noTool, said, skips } from '../lack.ts';
import { project, type Rig, test, until } from './rig.ts';

const python = '/usr/bin/python3';
const programs = ['prometheus', 'promtool', 'prometheus-node-exporter', 'python3'] as const;
const lack = (await missing(...programs)) ?? missingClient();
beforeAll(() => demand(lack));

const oldText = 'text_string_to_metric_families';
const parser = (format: string): string => `
import sys
from prometheus_client.${format === 'openmetrics' ? 'openmetrics.' : ''}parser import ${oldText}
for family in ${oldText}(sys.stdin.buffer.read().decode()):
    print(family.name, family.type, len(family.samples))
`;

function missingClient(): ReturnType<typeof noTool> | undefined {
  const { status } = spawnSync(python, ['-c', 'import prometheus_client']);
  return status === 0 ? undefined : noTool('python3-prometheus-client is not installed');
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}
const { panels } = JSON.parse(readFileSync(join(project, 'share/grafana/dreamos.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};
const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));

/** Mail of which each family of metrics tells something. */
async function work({ dreamos, sent, box }: Rig): Promise<void> {
  for (const words of [
    ['send', 'reviewer', 'one "two"', '--as', 'planner'],
    ['read', 'reviewer', '--ack'],
    ['send', 'reviewer', 'no', '--as', 'planner'],
  ])
    expect(await dreamos(words)).toMatchObject({ code: 0 });
  const { json } = await dreamos('read reviewer --json');
  expect(await dreamos(['nack', json[0]?.receipt ?? '', '--dead', '--reason', 'no'])).toMatchObject({ code: 0 });
  await sent('send reviewer waits --as planner');
  // As lines of another time: only once in a while is something late, has a score, or waited.
  const at = new Date().toISOString();
  const told = { at, mailbox: 'reviewer', id: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', by: 'reviewer', attempt: 1 };
  const lines = [
    { ...told, event: 'claimed', waitedMs: 1500 },
    { ...told, event: 'acked', heldMs: 700, score: 0.5, late: true },
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  appendFileSync(join(box('reviewer'), 'events', `${at.slice(0, 10)}.jsonl`), text);
}

type Answer = { readonly metric: Readonly<Record<string, string>>; readonly value: [number, string] }[];

describe.skipIf(skips(lack))(said('metrics, as others read them', lack), () => {
  test('promtool and the parsers of Python take both texts', async ({ rig }) => {
    await work(rig);
    await rig.dreamos('agent register reviewer --set maxMessages=9');
    for (const format of ['openmetrics', 'prometheus']) {
      const { out } = await rig.dreamos(`metrics --format ${format}`);
      writeFileSync(join(rig.dir, 'read.py'), parser(format));
      const { code, out: read, err } = await rig.shell(`${python} read.py`, { stdin: out });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const families = new Map(
        read
          .trim()
          .split('\n')
          .map((line) => [line.split(' ')[0], line]),
      );
      expect(families.get('dreamos_waited_seconds')).toBe('dreamos_waited_seconds histogram 25');
      expect(families.get('dreamos_events')).toMatch(/^dreamos_events counter /);
      expect(families.get('dreamos_score')).toBe('dreamos_score summary 2');
      const { json } = await rig.dreamos('metrics --json');
      expect(families.size).toBe(json.length);
    }
    const checked = await rig.shell('dreamos metrics --format prometheus | promtool check metrics');
    expect(checked).toMatchObject({ code: 0, out: '', err: '' });
  });

  test('each alert rule fires for what it is about, and for nothing else', async ({ bare }) => {
    const { code, out, err } = await bare.shell(
      `promtool check rules '${project}/share/prometheus/dreamos.rules.yml' && promtool test rules '${project}/fixtures/prometheus/rules.test.yml'`,
    );
    expect(code, out + err).toBe(0);
  });

  test(
    'Prometheus scrapes a textfile by node_exporter, and answers every query of the dashboard',
    { timeout: 90_000 },
    async ({ rig }) => {
      const { dir } = rig;
      const [exporter, port] = [await freePort(), await freePort()];
      mkdirSync(join(dir, 'textfiles'));
      const rules = join(project, 'share/prometheus/dreamos.rules.yml');
      writeFileSync(
        join(dir, 'prometheus.yml'),
        JSON.stringify({
          global: { scrape_interval: '1s', evaluation_interval: '1s' },
          rule_files: [rules],
          scrape_configs: [{ job_name: 'node', static_configs: [{ targets: [`127.0.0.1:${exporter}`] }] }],
        }),
      );
      rig.startShell(
        `exec prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.textfile.directory='${dir}/textfiles' --web.listen-address=127.0.0.1:${exporter}`,
      );
      rig.startShell(
        `exec prometheus --config.file='${dir}/prometheus.yml' --storage.tsdb.path='${dir}/tsdb' --web.listen-address=127.0.0.1:${port}`,
      );
      const get = async (path: string): Promise<unknown> => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
        const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
        if (status !== 'success') throw new Error(error);
        return data;
      };
      const ask = async (query: string): Promise<Answer> =>
        ((await get(`query?query=${encodeURIComponent(query)}`)) as { result: Answer }).result;
      const write = async (): Promise<void> => {
        const written = await rig.dreamos('metrics --textfile textfiles/dreamos.prom --quiet');
        expect(written).toMatchObject({ code: 0, err: '' });
      };
      const isScraped = (events: number) =>
        until(
          `${events} acks are scraped`,
          async () =>
            (await ask('dreamos_events_total{mailbox="reviewer",event="acked"}').catch(() => []))[0]?.value[1] ===
            String(events),
        );

      // A limit, an agent that is gone, tasks, and a refusal: of these the dashboard asks as well.
      for (const words of ['agent register reviewer --set sendRate=1', 'agent register away'])
        expect(await rig.dreamos(words)).toMatchObject({ code: 0 });
      const left = await rig.shell('sleep 60 & dreamos agent heartbeat away --pid $! && kill $!');
      expect(left).toMatchObject({ code: 0 });
      await rig.sent('send away hello --as planner');
      await rig.sent('task create --title look --as planner');
      for (const body of ['one', 'two']) await rig.dreamos(`send planner ${body} --as reviewer`);
      await work(rig);
      await write();
      await isScraped(2);
      await work(rig);
      await write();
      await isScraped(4);
      for (const [title, expr] of queries) {
        const query = expr.replaceAll(/\$(?:root|mailbox)\b/g, '.*').replaceAll('$__rate_interval', '1m');
        const result = await ask(query);
        expect(
          result.map(({ value }) => value[1]),
          `${title}: ${query}`,
        ).not.toEqual([]);
        for (const { value } of result) expect(value[1], `${title}: ${query}`).not.toBe('NaN');
      }
      const [p50] = await ask('histogram_quantile(0.5, dreamos_waited_seconds_bucket{mailbox="reviewer"})');
      expect(Number(p50?.value[1])).toBeGreaterThan(0);
      const { alerts } = (await get('alerts')) as { alerts: { labels: { alertname: string; mailbox?: string } }[] };
      expect(
        alerts.filter(({ labels }) => labels.alertname === 'DreamosDeadLetters').map(({ labels }) => labels.mailbox),
      ).toEqual(['reviewer']);
      expect(await ask('node_textfile_scrape_error')).toMatchObject([{ value: [expect.anything(), '0'] }]);
    },
  );

  test('node_exporter takes the textfiles of two roots', async ({ bare: rig }) => {
    const exporter = await freePort();
    mkdirSync(join(rig.dir, 'textfiles'));
    for (const name of ['a', 'b']) {
      const root = { env: { DREAMOS_ROOT: join(rig.dir, name) } };
      expect(await rig.dreamos('init planner reviewer', root)).toMatchObject({ code: 0 });
      await rig.dreamos(`metrics --textfile textfiles/${name}.prom`, root);
    }
    rig.startShell(
      `exec prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.textfile.directory='${rig.dir}/textfiles' --web.listen-address=127.0.0.1:${exporter}`,
    );
    const text = await until('it answers', async () => {
      const answer = await fetch(`http://127.0.0.1:${exporter}/metrics`).catch(() => undefined);
      return answer?.ok === true && answer.text();
    });
    expect(text).toContain('node_textfile_scrape_error 0');
    for (const name of ['a', 'b'])
      expect(text).toMatch(new RegExp(`dreamos_messages\\{mailbox="planner",root="[^"]*/${name}",state="ready"\\} 0`));
  });
});
