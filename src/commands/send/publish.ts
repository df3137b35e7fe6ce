import type { Context } from '../../cli/context.ts';
import { contentOptions, dataOption, replyToOption, type ContentOptions } from '../../cli/input/draft.ts';
import { duplicateText } from '../../cli/show/duplicate.ts';
import { sayReplaced } from '../../cli/show/replaced.ts';
import { type BodyWords, readBody } from '../../cli/input/body.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import { upTo } from '../../cli/waiting.ts';
import { publish } from '../../core/topics/publish.ts';
import { parseTopic } from '../../model/topic.ts';

export async function publishCommand(
  context: Context,
  topic: string,
  body: BodyWords,
  options: ContentOptions & { from?: string; replyTo?: string; wait?: string },
): Promise<void> {
  // Before anything is read from stdin.
  parseTopic(topic);
  const waitMs = durationOption(options.wait, '--wait');
  const data = await dataOption(context, options, body);
  const content = contentOptions(options, context.around.env);
  const session = await context.session();
  const replyTo = await replyToOption(session, options.replyTo);
  const words = await readBody(context, body, options);
  const draft = { body: words, ...content, ...given({ from: options.from, replyTo, data }) };
  const receipt = await upTo(waitMs, context, 'the subscribers to take it; a mailbox may be full', () =>
    publish(session, topic, draft, { signal: context.signal, ...given({ waitMs }) }),
  );
  await context.output.outcome(
    receipt,
    () => receipt.id,
    () => `${receipt.id} is published`,
  );
  await sayReplaced(context.output, receipt);
  if (receipt.duplicate) await context.output.note(duplicateText('published', receipt.states));
  else if (receipt.subscribers === 0)
    await context.output.note(`No agent is subscribed to ${receipt.topic}: the message is in the topic's log alone.`);
}
