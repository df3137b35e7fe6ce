/** Nothing that dreamos says is wider than the terminal, but what has to stay whole: a command to paste, an id, a body, code. */
import { beforeAll, describe, expect } from 'vitest';
import { widthOf } from '../../src/cli/fit.ts';
import { demand, missing, said, skips } from '../lack.ts';
import { test } from './rig.ts';

const lack = await missing('script');
beforeAll(() => demand(lack));

const subject = 'Look at all of the services that were deployed yesterday evening, and at their logs';
const begin = `
  dreamos init integration-tester
  dreamos send reviewer one --as planner --subject '${subject}'
  dreamos send reviewer,planner two --as integration-tester --priority high --tag a --tag b
  dreamos read reviewer
  dreamos send integration-tester three --as planner --delay 3h
  id=$(dreamos send reviewer four --as planner --subject dead); echo $id > id
  receipt=$(dreamos read reviewer --id $id --json | jq -r .receipt)
  dreamos nack $receipt --dead --reason 'exit 1: the build could not be made because of a missing dependency'
  dreamos publish build.done.nightly x --as planner --subject '${subject}'
  dreamos subscribe 'build.>' --as reviewer
  dreamos schedule add nightly '0 3 * * *' reviewer 'run it' --as planner --subject '${subject}'
  echo x > runtime/agent_comms/agent_mailboxes/planner/drop/bad.json
  dreamos pause integration-tester`;

const typed = [
  'status; status reviewer; list reviewer; list planner; list; search the; search o; peek reviewer; show $(cat id)',
  'trace $(cat id); thread $(cat id); watch --since start --count 6; watch reviewer --since start --count 1',
  "listen 'build.>' --since start --count 1; topics list; topics show build.done.nightly; schedule list",
  'schedule show nightly; agent list; agent show reviewer; dlq list; dlq list reviewer; dlq show $(cat id)',
  'archive list reviewer; config get; doctor; explain; explain LEASE_LOST; help; --help; send --help; read --help',
  'request reviewer why --as planner --wait 100ms; send bob hi --as planner; send @ops hi --as planner; ack',
  'send integration-tester hi --as planner --until acked --wait 100ms; read integration-tester; read --lease 0s',
  "show 4RCE; sned; send reviewer a b; send reviewer '-x y' --as planner; send --batch --to x; send --batch",
  'agent delete reviewer; work reviewer --wait 100ms -- false; reply 1234 hi --as planner; config set lease 13h',
  'import runtime; backup runtime/agent_comms/x.tar.gz; init; pause reviewer; resume reviewer; maintain; read reviewer',
  ...[
    'agent',
    'settings',
    'tour',
    'json',
    'guarantees',
    'exit-codes',
    'scripting',
    'commands',
    'figures',
    'format',
  ].map((topic) => `help ${topic}`),
].flatMap((line) => line.split('; '));

/** What is never broken: a word, a command to paste, code. */
function staysWhole(line: string): boolean {
  return /^\s*\S+$/.test(line) || /^(?:.*: )?\s*dreamos /.test(line);
}

describe.skipIf(skips(lack))(said('the width of a terminal', lack), { concurrent: true, timeout: 120_000 }, () => {
  test.for([
    [80, ''],
    [80, '1'],
    [120, ''],
  ] as const)('of %i columns, with NO_COLOR=%j, holds every line', async ([columns, noColor], { rig }) => {
    expect(await rig.shell(`set -e; ${begin}`)).toMatchObject({ code: 0 });
    const tooWide: string[] = [];
    for (const words of typed) {
      const screen = `stty cols ${columns} rows 50; dreamos ${words}`;
      const { out } = await rig.shell(`script -qec "$SCREEN" /dev/null`, {
        env: { SCREEN: screen, NO_COLOR: noColor },
      });
      let fence = '';
      // eslint-disable-next-line no-control-regex
      for (const line of out.replaceAll(/\u001B\[[\d;?]*[A-Za-z]/g, '').split(/\r*\n|\r/)) {
        const [mark = ''] = /^ *(`{3,})/.exec(line) ?? [];
        if (fence === '') fence = mark;
        else if (mark === fence) fence = '';
        else continue;
        if (widthOf(line) > columns && !staysWhole(line)) tooWide.push(`${words}: ${line}`);
      }
    }
    expect(tooWide).toEqual([]);
  });
});
