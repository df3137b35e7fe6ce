import type { TopicStatus } from '../../../contract/system.ts';
import { toAgent, toTopic } from '../../base/links.ts';
import type { View } from '../../base/view.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { None, Number, When } from '../../parts/when.tsx';
import { Publish } from './publish.tsx';
import { Topic } from './topic.tsx';

/** What is published, and to whom it goes: all topics, or one. */
export const topics: View = {
  path: 'topics',
  menu: { name: 'Topics', group: 'People', press: 'o' },
  Show: ({ path: [topic] }) => (topic === undefined ? <Topics /> : <Topic topic={topic} />),
};

function Topics() {
  const after = afterInAddress();
  // Who subscribes makes no event.
  const seen = useLook(`topics ${after}`, (signal) => look('topics.list', { limit: pageSize, after }, signal), {
    when: ({ event }) => event === 'published',
    everyMs: 15_000,
  });
  return (
    <>
      <Heading title="Topics" />
      <Shown look={seen}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty
              type={[
                "dreamos subscribe 'build.*' --as reviewer",
                'dreamos publish build.done "all green" --as planner',
              ]}
            >
              Nothing was ever published.
            </Empty>
          ) : (
            <>
              <Rows of="Topics" columns={columns} rows={items} keyOf={({ topic }) => topic} />
              <Pages next={next} shown={items.length} />
            </>
          )
        }
      </Shown>
      <Publish after={seen.again} />
    </>
  );
}

const columns: readonly Column<TopicStatus>[] = [
  {
    name: 'Topic',
    cell: ({ topic }) => (
      <a data-row href={toTopic(topic)}>
        {topic}
      </a>
    ),
  },
  { name: 'Messages', number: true, cell: ({ messages }) => <Number n={messages} /> },
  {
    name: 'Last',
    number: true,
    cell: ({ lastPublishedAt }) => (lastPublishedAt === null ? <None /> : <When at={lastPublishedAt} />),
  },
  {
    name: 'Subscribers',
    from: 'medium',
    cell: ({ subscribers }) =>
      subscribers.length === 0 ? (
        <span class="quiet">nobody</span>
      ) : (
        <ul class="names">
          {subscribers.slice(0, 12).map(({ agent, patterns }) => (
            <li key={agent}>
              <a href={toAgent(agent)} title={`by ${patterns.join(', ')}`}>
                {agent}
              </a>
            </li>
          ))}
          {subscribers.length > 12 && <li class="quiet">and {subscribers.length - 12} more</li>}
        </ul>
      ),
  },
];
