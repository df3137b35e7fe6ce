/** Keys of agents, and which of them are trusted. */
import { example, type Verb } from './options.ts';

export const identity: Verb = {
  words: 'identity',
  setUp(command, context) {
    const group = command.description("agents' keys, by which mail is signed and sealed");
    group
      .command('create [agent]')
      .action(async (name) => (await import('../../commands/security/identity.ts')).createCommand(context, name))
      .addHelpText(
        'after',
        example(
          'dreamos identity create planner',
          'The private key is a file of yours that nobody else may read, outside of the root:\n~/.config/dreamos/identities/ (or XDG_CONFIG_HOME, DREAMOS_CONFIG_HOME), or the file\nthat DREAMOS_IDENTITY names. It is in no backup of the root: keep a copy. A root that\nis copied (cp -r) or restored is the same root to its keys. See: dreamos help security',
        ),
      );
    group
      .command('show [agent]')
      .action(async (name) => (await import('../../commands/security/identity.ts')).showCommand(context, name))
      .addHelpText(
        'after',
        example('dreamos identity show planner', 'Also of others; to say which key is yours, say its id.'),
      );
    group
      .command('list')
      .action(async () => (await import('../../commands/security/identity.ts')).listCommand(context))
      .addHelpText(
        'after',
        example(
          'dreamos identity list',
          'Of one with its older keys: identity show. By which you know each: trust list.',
        ),
      );
    group
      .command('rotate [agent]')
      .action(async (name) => (await import('../../commands/security/identity.ts')).rotateCommand(context, name))
      .addHelpText(
        'after',
        example(
          'dreamos identity rotate planner',
          'The old key signs for the new one, so who knows that one follows by himself, and\nnobody has to accept anything. What it has signed stays good, as long as no later key\nis revoked. It is for a key that nobody has stolen; one that was is revoked.',
        ),
      );
    group
      .command('revoke [agent]')
      .option('--key <id>', 'this key, if it is not the current one')
      .action(async (name, options) =>
        (await import('../../commands/security/identity.ts')).revokeCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos identity revoke planner\n  dreamos identity create planner',
          'Nothing that it has signed is believed any more, nor its word for another key: the\nkeys before it end with it, for which it vouched, and who knows the agent by it says\nyes to the next one himself (trust accept). It needs no private key, which may be\nlost. What was sealed for it can still be opened.',
        ),
      );
    group.addHelpText('after', example('dreamos identity create planner\n  dreamos identity list'));
  },
};

export const trust: Verb = {
  words: 'trust',
  setUp(command, context) {
    const group = command.description("which of the agents' keys you trust");
    group
      .command('list')
      .action(async () => (await import('../../commands/security/trust.ts')).listCommand(context))
      .addHelpText(
        'after',
        example(
          'dreamos trust list',
          'A key is trusted with its first use, and kept in a file of yours outside of the\nroot; it is followed where it has signed for the next one. changed: nobody has.',
        ),
      );
    group
      .command('accept <agent>')
      .option('--key <id>', 'only if its card says this key, as its owner has told you')
      .action(async (name, options) =>
        (await import('../../commands/security/trust.ts')).acceptCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos trust accept planner --key 3q2-7wEjRWeJq83v',
          'Ask its owner for the id of his key, not by mail of this root: identity show.',
        ),
      );
    group
      .command('remove <agent>')
      .action(async (name) => (await import('../../commands/security/trust.ts')).removeCommand(context, name))
      .addHelpText(
        'after',
        example(
          'dreamos trust remove planner',
          'Whoever puts another key there until then is trusted, and which of its keys were\nrevoked is forgotten, too. To trust the key that it has now, and no other: trust accept.',
        ),
      );
    group.addHelpText('after', example('dreamos trust list\n  dreamos trust accept planner'));
  },
};
