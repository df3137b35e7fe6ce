/** Files and folders are private to the user, whatever umask a session has. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { project, test, tree } from './rig.ts';
import { provideJq } from './jq.ts';

for (const umask of ['000', '077']) {
  test.concurrent(
    `after a session with umask ${umask} every file has mode 0600 and every folder 0700`,
    async ({ bare }) => {
      provideJq(bare);
      const session = `
      set -e
      umask ${umask}
      export DREAMOS_AGENT=planner
      dreamos init planner reviewer tester
      dreamos agent register helper --description "helps" --set lease=30m
      dreamos config set maxAttempts 3
      for n in 1 2 3 4 5 6; do dreamos send reviewer "$n"; done
      dreamos send reviewer,tester both
      dreamos send reviewer later --delay 1h
      dreamos send reviewer once --dedupe-key key; dreamos send reviewer once --dedupe-key key
      printf '%s\\n' '{"to":"reviewer","body":"a"}' '{"to":"tester","body":"b"}' | dreamos send --batch
      export DREAMOS_AGENT=reviewer
      dreamos read --ack
      dreamos nack "$(dreamos read --json | jq -r .receipt)" --dead --reason broken
      dreamos nack "$(dreamos read --json | jq -r .receipt)" --delay 0
      dreamos renew "$(dreamos read --json | jq -r .receipt)" --lease 1h
      dreamos reply "$(dreamos read --json | jq -r .receipt)" done --ack
      echo junk > runtime/agent_comms/agent_mailboxes/reviewer/drop/junk.json
      touch -d '1 minute ago' runtime/agent_comms/agent_mailboxes/reviewer/drop/junk.json
      printf '{"from":"planner","body":"handed in"}' > runtime/agent_comms/agent_mailboxes/reviewer/drop/good.json
      dreamos read
      dreamos dlq list; dreamos dlq retry reviewer --all
      dreamos watch --since start --wait 50ms
      dreamos import "${join(project, 'fixtures', 'foreign')}" --map Agent3=Agent-3
      dreamos agent retire helper
      dreamos doctor --fix || true
    `;
      const ended = await bare.shell(session);
      expect(ended.code, ended.err).toBe(0);
      const modes = tree(bare.root).map((line) => {
        const [, name = '', mode = ''] = /^(\S*) (\d+)/.exec(line) ?? [];
        return { name, mode };
      });
      expect(modes.length).toBeGreaterThan(60);
      const open = modes.filter(({ name, mode }) => mode !== (name.endsWith('/') ? '700' : '600'));
      // What a script put there is its own business, until dreamos keeps it as a message.
      expect(open).toEqual([]);
      expect(readdirSync(join(bare.box('reviewer'), 'corrupt')).length).toBeGreaterThan(0);
    },
  );
}
