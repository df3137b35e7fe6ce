import type { TopicName } from './topics.ts';

// By name and not by a pattern, so that the build sees them; apart from the names, because every start needs those.
const texts: Record<TopicName, () => Promise<{ default: string }>> = {
  agent: () => import('./agent.md'),
  format: () => import('./format.md'),
  guarantees: () => import('./guarantees.md'),
  tour: () => import('./tour.md'),
  commands: () => import('./commands.md'),
  tasks: () => import('./tasks.md'),
  settings: () => import('./settings.md'),
  json: () => import('./json.md'),
  'exit-codes': () => import('./exit-codes.md'),
  scripting: () => import('./scripting.md'),
  cursors: () => import('./cursors.md'),
  addressing: () => import('./addressing.md'),
  tools: () => import('./tools.md'),
  numbers: () => import('./numbers.md'),
  http: () => import('./http.md'),
  library: () => import('./library.md'),
  reference: () => import('./reference.md'),
  server: () => import('./server.md'),
  bridges: () => import('./bridges.md'),
  hosts: () => import('./hosts.md'),
  housekeeping: () => import('./housekeeping.md'),
  prometheus: () => import('./prometheus.md'),
  policies: () => import('./policies.md'),
  alerting: () => import('./alerting.md'),
  security: () => import('./security.md'),
  tables: () => import('./tables.md'),
  reach: () => import('./reach.md'),
  engines: () => import('./engines.md'),
  native: () => import('./native.md'),
  figures: () => import('./figures.md'),
};

/** A topic's page as it is printed: without the comments that mark its generated parts. */
export async function loadTopic(name: TopicName): Promise<string> {
  const text = (await texts[name]()).default.replace(/^<!-- .* -->\n\n?/gm, '');
  return `${text.trimEnd()}\n`;
}
