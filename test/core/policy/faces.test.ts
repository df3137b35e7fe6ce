/**
 * What commands, tools and hooks take of the core is either an operation, which a policy is asked for, or stands in this list with
 * why it need not be.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { libraryPathOf, operationNames, operations } from '../../../src/contract/operations.ts';

const src = join(import.meta.dirname, '../../../src');
const faces = ['commands', 'mcp', 'cli', 'hooks', 'wake', 'server'];

const about: Record<string, readonly string[]> = {
  'who there is, by his card, which is no mail': [
    ...['formerOwners', 'listAgents', 'listMailboxes', 'resolveAgent', 'resolveFormer', 'resolveMailbox', 'mailboxOf'],
    ...['pauseOf', 'pausedSentence', 'present', 'loadSubscriptions', 'historyOf', 'tellByHand'],
  ],
  'words and numbers, and no root': [
    ...['actorOf', 'asItStands', 'checkLease', 'checkName', 'ConfigUnusable', 'metricsFormats', 'metricsText', 'named'],
    ...['outcomeNames', 'parseSetting', 'statesWithout', 'tableIn', 'tableNames', 'testText', 'valueText', 'refusedBy'],
  ],
  'the gate itself': ['admit'],
  'a bridge, which passes the gate by its name, and what it takes as what its senders do': ['bridge', 'createReceiver'],
  'topics of another root, which asks its own policy; and answering another one, which passes the gate by its name': [
    ...['listenFar', 'createTell'],
  ],
  'a root that is not there yet, and a move, which passes the gate by its name': ['loadRoot', 'moveRoot'],
  'a file that is no root’s': ['replaceTextfile'],
  'what one holds oneself, or has just been allowed to read': [
    ...['listHeld', 'claimedId', 'meantId', 'archivedId', 'findNow', 'readOrWarn', 'asConsumer'],
  ],
  'going on where an engine, or a server, was away': ['behindSend', 'persist', 'isServerAway'],
  'that something has happened, and not what': ['changes', 'createBell', 'createWaiter', 'joined', 'onAbort'],
  'the sessions of the tools that agents work in': ['agentOf', 'followCleared', 'noteMoment'],
  'a setting': ['effectiveSettings', 'settingsNow', 'settingsUntold'],
  'what has just been read, and may be handed out': ['answersSealed', 'checkHandedOut'],
  'what notes that something was done or denied': [
    ...['isAudited', 'isDenied', 'onlyLooks'],
    ...['noteCall', 'noteDenied', 'noteIfDenied', 'noted', 'isEach', 'endNotes'],
  ],
  'what alerts are silenced': ['silencesNow'],
  'whose token it is, before anything is asked for': ['provedBy', 'holds'],
  'ending a token that one has just made for oneself': ['endToken'],
  'a session of who asks, which passes the gate with each operation': ['sessionOn'],
  'where the server itself listens, and of which root': ['changeDocument', 'rootIdOf'],
  'a place in a list, a version, a project': ['cardVersion', 'cursorOf', 'projectIn', 'settingsVersion'],
  'what one was handed, which is given back': ['createHanded'],
  'what a client and its server say to each other': [
    ...['callPath', 'hello', 'takeUpCall', 'keepReplyCall', 'storeCall', 'storeLooks', 'handedOver', 'lineBytesHeader'],
    ...['ownVersion', 'otherVersion', 'notAway', 'toJson', 'fromJson'],
  ],
  'what a worker does by the way, once the gate has let it work and reply': ['keepReply', 'takeUp', 'lastingIn'],
};

interface Taken {
  readonly file: string;
  readonly name: string;
  readonly by: string;
}

function* takenFromCore(): Generator<Taken> {
  for (const face of faces)
    for (const path of readdirSync(join(src, face), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts')) continue;
      const by = join(src, face, path);
      const source = readFileSync(by, 'utf8');
      for (const [, names = '', from = ''] of source.matchAll(/^import \{([^}]*)\} from '([^']*\/core\/[^']*)';/gm))
        for (const name of names.split(',').map((one) => one.trim().replace(/ as \w+$/, '')))
          if (name !== '' && !name.startsWith('type ')) yield { file: join(dirname(by), from), name, by };
      for (const [, names = '', from = ''] of source.matchAll(
        /const \{([^}]*)\} = await import\('([^']*\/core\/[^']*)'\)/g,
      ))
        for (const name of names.split(',').map((one) => one.trim())) yield { file: join(dirname(by), from), name, by };
    }
}

const taken = [...takenFromCore()];

test(
  'the faces take operations of the core, and what a policy need not be asked for',
  { timeout: 60_000 },
  async () => {
    const harmless = new Set(Object.values(about).flat());
    const odd: string[] = [];
    for (const { file, name, by } of taken) {
      const value = ((await import(file)) as Record<string, unknown>)[name];
      const isOperation = typeof value === 'function' && 'operation' in value;
      if (!isOperation && !harmless.has(name)) odd.push(`${relative(src, by)} takes ${name}`);
      if (isOperation && harmless.has(name)) odd.push(`${name} is an operation`);
    }
    expect(odd).toEqual([]);
    const names = new Set(taken.map(({ name }) => name));
    expect([...harmless].filter((name) => !names.has(name))).toEqual([]);
  },
);

test('none of them asks a storage by itself for mail', () => {
  const found = new Set<string>();
  for (const face of faces)
    for (const path of readdirSync(join(src, face), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts')) continue;
      const source = readFileSync(join(src, face, path), 'utf8');
      for (const [, what] of source.matchAll(/\bstore\.((?:mail|look|journal|rollups|upkeep)\.\w+)/g))
        found.add(`${face}/${path} ${what}`);
    }
  expect([...found].sort()).toEqual([
    // The names of topics, and where the log ends.
    'cli/help/completion-names.ts look.listTopics',
    'commands/people/topics.ts look.listTopics',
    'mcp/resources.ts journal.cursor',
  ]);
});

test('each operation that asks a policy is one function of the core, or passes the gate by its name', () => {
  const sources = ['core', ...faces].flatMap((room) =>
    readdirSync(join(src, room), { recursive: true, encoding: 'utf8' }).flatMap((path) =>
      path.endsWith('.ts') ? [readFileSync(join(src, room, path), 'utf8')] : [],
    ),
  );
  const all = sources.join('\n');
  const gated = (name: string): boolean =>
    [`operation('${name}',`, `eachOf('${name}',`, `, '${name}', {`, `, '${name}')`].some((text) =>
      all.includes(text),
    ) || new RegExp(`(?:operation|eachOf)\\(\\s*'${name.replace('.', '\\.')}',`).test(all);
  const missing = operationNames.filter((name) => operations[name].action !== null && !gated(name));
  expect(missing).toEqual([]);
  // What only the command has is not bound by the compiler.
  expect(
    operationNames.filter((name) => operations[name].action !== null && libraryPathOf(name) === undefined),
  ).toEqual(expect.arrayContaining(['init', 'coordinate', 'tasks.watch', 'config.edit', 'hook', 'hook.bind', 'wake']));
});
