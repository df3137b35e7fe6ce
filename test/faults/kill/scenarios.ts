import { identityScenarios } from './identifying.ts';
import { auditScenarios } from './auditing.ts';
import { keepingScenarios } from './keeping.ts';
import { managingScenarios } from './managing.ts';
import { recoveringScenarios } from './recovering.ts';
import { schedulingScenarios } from './scheduling.ts';
import { sendingScenarios } from './sending.ts';
import { settlingScenarios } from './settling.ts';
import { taskScenarios } from './tasking.ts';
import { tellingScenarios } from './telling.ts';
import type { Scenario } from './story.ts';

/** Every command that writes, and everything that a reader puts right on its way. */
export const scenarios: readonly Scenario[] = [
  ...sendingScenarios,
  ...settlingScenarios,
  ...keepingScenarios,
  ...auditScenarios,
  ...managingScenarios,
  ...recoveringScenarios,
  ...schedulingScenarios,
  ...taskScenarios,
  ...tellingScenarios,
  ...identityScenarios,
];
