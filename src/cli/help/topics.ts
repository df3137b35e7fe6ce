const topics = {
  format: () => import('./format.ts'),
  guarantees: () => import('./guarantees.ts'),
  'exit-codes': () => import('./exit-codes.ts'),
  cursors: () => import('./cursors.ts'),
  scripting: () => import('./scripting.ts'),
  json: () => import('./json.ts'),
  settings: () => import('./settings.ts'),
};

export type TopicName = keyof typeof topics;

export const topicNames = Object.keys(topics) as TopicName[];

export async function loadTopic(name: TopicName): Promise<string> {
  return (await topics[name]()).text;
}
