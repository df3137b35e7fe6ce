/** Every view, in the order of the menu. A new one is a file in views/ and a row here. */
import type { View } from '../base/view.ts';
import { alerts } from '../views/house/alerts.tsx';
import { audit } from '../views/house/audit.tsx';
import { charts } from '../views/house/charts.tsx';
import { doctor } from '../views/house/doctor.tsx';
import { settings } from '../views/house/settings.tsx';
import { compose } from '../views/mail/compose.tsx';
import { dlq } from '../views/mail/dlq.tsx';
import { inbox } from '../views/mail/inbox.tsx';
import { mailboxes } from '../views/mail/mailboxes.tsx';
import { message } from '../views/mail/message.tsx';
import { messages } from '../views/mail/messages.tsx';
import { thread } from '../views/mail/thread.tsx';
import { trace } from '../views/mail/trace.tsx';
import { agents } from '../views/people/agents.tsx';
import { schedules } from '../views/people/schedules.tsx';
import { topics } from '../views/people/topics.tsx';
import { board } from '../views/tasks/board.tsx';
import { task } from '../views/tasks/task.tsx';

export const views: readonly View[] = [
  // Mail
  mailboxes,
  inbox,
  compose,
  messages,
  dlq,
  // People
  agents,
  board,
  topics,
  schedules,
  // House
  charts,
  alerts,
  settings,
  doctor,
  audit,
  // Of one message, thread or task
  task,
  message,
  thread,
  trace,
];

export function viewAt(path: readonly string[]): View | undefined {
  return views.find((view) => view.path === (path[0] ?? ''));
}
