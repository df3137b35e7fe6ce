import { useState } from 'preact/hooks';
import { go, to } from '../../base/place.ts';
import { moment } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { Fact } from '../../parts/fact.tsx';
import { Heading } from '../../parts/heading.tsx';
import { Shown } from '../../parts/shown.tsx';
import { When } from '../../parts/when.tsx';
import { Last, Remove } from './schedule-parts.tsx';

/** One schedule: what it sends, and its next times. */
export function Schedule({ name }: { name: string }) {
  const seen = useLook(`schedule ${name}`, (signal) => look('schedule.show', { name }, signal), {
    when: ({ event }) => event === 'delivered',
    everyMs: 10_000,
  });
  const [removing, setRemoving] = useState(false);
  return (
    <>
      <Heading title={name}>{seen.value && <Action run={() => setRemoving(true)}>Remove…</Action>}</Heading>
      <Shown look={seen}>
        {(shown) => {
          const { cron, tz, from, message, createdAt, upcoming } = shown;
          return (
            <>
              <dl class="facts">
                <Fact name="when">
                  <code>{cron}</code> {tz}
                </Fact>
                <Fact name="to">{message.to.join(', ')}</Fact>
                <Fact name="from">{from}</Fact>
                {message.type !== undefined && <Fact name="type">{message.type}</Fact>}
                {message.priority !== undefined && <Fact name="priority">{message.priority}</Fact>}
                <Fact name="last">
                  <Last schedule={shown} />
                </Fact>
                <Fact name="since">{moment(createdAt)}</Fact>
              </dl>
              <div class="letter">
                {message.subject !== undefined && message.subject !== '' && (
                  <p>
                    <strong>{message.subject}</strong>
                  </p>
                )}
                <pre class="plain">{message.body}</pre>
              </div>
              <h2>Next times</h2>
              {upcoming.length === 0 ? (
                <p class="quiet">It does not come any more.</p>
              ) : (
                <ol>
                  {upcoming.map((at) => (
                    <li key={at} class="number">
                      {moment(at)} <When at={at} />
                    </li>
                  ))}
                </ol>
              )}
              <p class="quiet foot">In the time of this browser. It is sent while somebody waits: this server does.</p>
              {removing && (
                <Remove schedule={shown} close={() => setRemoving(false)} after={() => go(to(['schedules']))} />
              )}
            </>
          );
        }}
      </Shown>
    </>
  );
}
