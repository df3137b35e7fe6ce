import { anchorAudit } from '../../../src/core/audit/keep.ts';
import { noteMail } from '../../../src/core/audit/note.ts';
import { verifyAudit } from '../../../src/core/audit/verify.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { Scenario } from './story.ts';

const noted = (root: Session, id: string): Promise<void> => noteMail(root, [{ op: 'ack', by: 'a', id, mailbox: 'a' }]);

/** What is noted of a root, and what proves it. */
export const auditScenarios: readonly Scenario[] = [
  {
    name: 'audit anchor',
    always: true,
    prepare: async ({ root }) => {
      await noted(root, 'before');
      const { anchor } = await anchorAudit(root);
      await noted(root, 'since');
      return {
        argv: ['audit', 'anchor'],
        fates: [],
        repeat: async (now, told) => {
          const anchors = [anchor, ...told.map((line) => String(line['anchor']))];
          for (const one of [...anchors, (await anchorAudit(now)).anchor]) {
            const { state, lines, unproved, findings } = await verifyAudit(now, { anchor: one });
            if (state !== 'whole') return `the audit is ${state}: ${findings.map(({ message }) => message).join(' ')}`;
            if (lines - unproved.lines < 1) return 'the line of before is not proved';
          }
          const keys = await now.store.audit.keys();
          return keys.length === 1 ? undefined : `these keys are there: ${keys.join(', ')}`;
        },
      };
    },
  },
];
