import { useState } from 'preact/hooks';
import type { TopicView } from '../../../contract/system.ts';
import { toAgent } from '../../base/links.ts';
import { change, place } from '../../base/place.ts';
import { many } from '../../base/words.ts';
import { act, look, me } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Action, Button } from '../../parts/ask/button.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { MailRows } from '../../parts/mail/mail-rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';
import { When } from '../../parts/when.tsx';
import { Publish } from './publish.tsx';

const [usual, most] = [25, 1000];

/** One topic: who is subscribed, by which patterns, and what was published last. */
export function Topic({ topic }: { topic: string }) {
  const limit = Math.min(most, Number(place.value.query.get('last')) || usual);
  const seen = useLook(`topic ${topic} ${limit}`, (signal) => look('topics.show', { topic, limit }, signal), {
    when: ({ event }) => event === 'published',
    everyMs: 15_000,
  });
  return (
    <>
      <Heading title={topic}>
        {seen.value && (
          <span class="quiet">
            {many(seen.value.messages, 'message')}
            {seen.value.lastPublishedAt !== null && (
              <>
                , the last <When at={seen.value.lastPublishedAt} />
              </>
            )}
          </span>
        )}
      </Heading>
      <Shown look={seen}>
        {(shown) => (
          <>
            <Subscribers shown={shown} after={seen.again} />
            <h2>What was published last</h2>
            {shown.recent.length === 0 ? (
              <Empty type={`dreamos publish ${topic} "hello" --as ${me.value ?? '<agent>'}`}>
                Its log holds nothing any more.
              </Empty>
            ) : (
              <MailRows
                of="What was published last"
                hasState={false}
                rows={shown.recent.map((message, i) => ({
                  id: message?.id ?? `${i}`,
                  mailbox: topic,
                  state: 'published',
                  message,
                }))}
              />
            )}
            {shown.messages > shown.recent.length && limit < most && (
              <p class="buttons">
                <Button run={() => change({ last: `${Math.min(most, limit * 4)}` })}>More of them</Button>
              </p>
            )}
            <Publish topic={topic} after={seen.again} />
          </>
        )}
      </Shown>
    </>
  );
}

function Subscribers({ shown: { topic, subscribers }, after }: { shown: TopicView; after: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  const own = subscribers.find(({ agent }) => agent.toLowerCase() === me.value?.toLowerCase());
  const subscribe = async (): Promise<void> => {
    await act('subscribe', { patterns: [topic] });
    say('What is published to it arrives in your mailbox from now on.');
    after();
  };
  const unsubscribe = async (patterns: readonly string[]): Promise<void> => {
    await act('unsubscribe', { patterns });
    say('It does not arrive in your mailbox any more.');
    after();
  };
  return (
    <section aria-labelledby="subscribers">
      <h2 id="subscribers">Subscribers</h2>
      {subscribers.length === 0 ? (
        <p class="quiet">Nobody: what is published goes into its log alone.</p>
      ) : (
        <dl class="facts">
          {subscribers.map(({ agent, patterns }) => (
            <div key={agent}>
              <dt>
                <a href={toAgent(agent)}>{agent}</a>
              </dt>
              <dd>
                <code>{patterns.join(' ')}</code>
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p class="buttons">
        {me.value !== undefined && !own && <Action run={() => attempt(subscribe, setProblem)}>Subscribe</Action>}
        {own && (
          <Action run={() => attempt(() => unsubscribe(own.patterns), setProblem)}>
            Unsubscribe from {own.patterns.join(', ')}
          </Action>
        )}
      </p>
      <Trouble problem={problem} />
    </section>
  );
}
