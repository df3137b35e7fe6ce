/** What is different on a terminal. */
import { beforeAll, describe, expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { type Rig, test, tree } from './rig.ts';

const lack = await missing('script');
beforeAll(() => demand(lack));

describe.skipIf(skips(lack))(said('colour and terminals', lack), { concurrent: true }, () => {
  const escape = '\u001B[';
  // `script` makes a terminal; what is printed on it comes out of its stdout.
  const onTerminal = (rig: Rig, words: string, env: Record<string, string> = {}) =>
    rig.shell(`script -qec 'dreamos ${words}' /dev/null`, { env });

  test('colour on a terminal only; NO_COLOR, FORCE_COLOR, TERM=dumb and --no-color are respected', async ({ rig }) => {
    await rig.sent('send reviewer hello --as planner');
    for (const words of ['status', 'peek reviewer', 'watch --since start --count 1']) {
      const colour = async (terminal: boolean, env: Record<string, string> = {}, more = '') => {
        const { code, out } = terminal
          ? await onTerminal(rig, words + more, env)
          : await rig.dreamos(words + more, { env });
        expect(code).toBe(0);
        return out.includes(escape);
      };
      expect(await colour(true), words).toBe(true);
      expect(await colour(false), words).toBe(false);
      expect(await colour(true, { NO_COLOR: '1' }), `${words} NO_COLOR`).toBe(false);
      expect(await colour(true, { TERM: 'dumb' }), `${words} TERM=dumb`).toBe(false);
      expect(await colour(false, { FORCE_COLOR: '1' }), `${words} FORCE_COLOR`).toBe(true);
      expect(await colour(true, { FORCE_COLOR: '1' }, ' --no-color'), `${words} --no-color`).toBe(false);
      expect(await colour(true, {}, ' --json'), `${words} --json`).toBe(false);
    }
  });

  test('escape sequences in a message are made harmless', async ({ rig }) => {
    const evil = 'a\u001B[2Jb\u001B]0;title\u0007c\u202Ed\r';
    await rig.sent(['send', 'reviewer', evil, '--as', 'planner', '--subject', evil, '--type', evil]);
    for (const words of ['peek reviewer', 'list reviewer', 'watch --since start --count 1', 'read reviewer']) {
      const { out } = await onTerminal(rig, `${words} --no-color`);
      // Line ends are the terminal's.
      const printed = out.replaceAll('\r\n', '').replaceAll('\n', '');
      expect(printed, words).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    }
    expect((await rig.dreamos('list reviewer --json')).json[0]?.message.body).toBe(evil);
  });
});

describe.skipIf(skips(lack))(said('waiting at a terminal', lack), { concurrent: true }, () => {
  test.for([
    ['read reviewer --wait 60s', 'Waiting for mail to reviewer, Ctrl-C ends it.'],
    ['watch', 'Waiting for what happens in any mailbox, Ctrl-C ends it.'],
    ['work reviewer -- cat', 'Working on what comes for reviewer.'],
  ] as const)('`%s` says so, and Ctrl-C leaves a line of its own to who comes next', async ([words, says], { rig }) => {
    // The terminal gets its ^C once the command has said that it waits.
    const typed = `until grep -qE "Waiting|Working" screen; do sleep 0.1; done; printf '\\003'; sleep 2`;
    const { out } = await rig.shell(
      `: > screen; (${typed}) | script -qefc 'trap : INT; dreamos ${words}; echo exit $?' screen`,
    );
    expect(out).toContain(says);
    expect(out).toMatch(/\^C\r\nexit 130\r\n/);
  });
});

describe.skipIf(skips(lack))(said('standard input and output', lack), { concurrent: true }, () => {
  test('stdin is a terminal where a body is needed: exit 2 at once, never a hang', async ({ rig }) => {
    const before = tree(rig.root);
    for (const [words, names] of [
      ['send reviewer --as planner', 'no body'],
      ['send reviewer - --as planner', 'no body'],
      ['send reviewer --as planner --body-file -', 'no body'],
      ['send --batch --as planner', '--batch'],
    ] as const) {
      // `script` gives it a terminal, and its exit code back; what it says on stderr comes on the terminal, too.
      const { code, out } = await rig.shell(`script -qec 'dreamos ${words} --json' /dev/null`);
      expect(code, out).toBe(2);
      expect(out).toContain('"code":"USAGE"');
      expect(out).toContain(names);
      expect(out).toMatch(/"hint":"(Give the body|Pipe)/);
    }
    expect(tree(rig.root)).toEqual(before);
  });
});
