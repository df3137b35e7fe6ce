import { useState } from 'preact/hooks';
import { go, to } from '../../base/place.ts';
import { listIn, moment } from '../../base/words.ts';
import { act } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { Field } from '../../parts/ask/field.tsx';
import { Form, Recipients, useDraft } from '../../parts/ask/form.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { attempt } from '../../parts/trouble.tsx';

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function AddSchedule() {
  const { draft, field } = useDraft(() => ({ name: '', cron: '', tz: here, to: '', subject: '', body: '', ttl: '' }));
  const [problem, setProblem] = useState<Problem>();
  const isWhole = [draft.name, draft.cron, draft.to, draft.body].every((text) => text !== '');
  const add = (): Promise<void> =>
    attempt(async () => {
      const { name, cron, tz, to: whom, subject, body, ttl } = draft;
      const message = {
        to: listIn(whom),
        body,
        ...(subject !== '' && { subject }),
        ...(ttl !== '' && { ttl }),
      };
      const { nextAt } = await act('schedule.add', { name, cron, ...(tz !== '' && { tz }), message });
      say(nextAt === null ? `${name} is there.` : `${name} comes next at ${moment(nextAt)}.`);
      go(to(['schedules', name]));
    }, setProblem);
  return (
    <Form title="New schedule" does="Add" isWhole={isWhole} run={add} problem={problem}>
      <div class="fields">
        <Field label="Name" hint="nightly" required {...field('name')} />
        <Field label="When" hint="0 3 * * mon-fri" required {...field('cron')} />
        <Field label="Time zone" {...field('tz')} />
      </div>
      <Recipients {...field('to')} />
      <Field label="Subject" {...field('subject')} />
      <Field label="Body" rows={5} {...field('body')} />
      <Field label="Expires" hint="undelivered after so long: 2h" {...field('ttl')} />
      <p class="quiet">When: minute, hour, day of month, month, day of week; also @hourly, @daily, @weekly.</p>
    </Form>
  );
}
