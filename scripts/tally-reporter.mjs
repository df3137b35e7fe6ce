// A reporter for vitest. Of each test file, and of each test in it, a line of JSON goes to the file $DREAMOS_TALLY when it
// begins and when it is over: a run that hangs and is killed says this way what failed in it so far, and in what it hung.
import { appendFileSync } from 'node:fs';

export default class TallyReporter {
  onTestModuleStart({ id, relativeModuleId: name }) {
    keep({ id, name, state: 'started' });
  }

  onTestCaseReady(test) {
    keep({ ...nameOf(test), state: 'started' });
  }

  onTestCaseResult(test) {
    keep({ ...nameOf(test), ...test.result() });
  }

  onTestModuleEnd(module) {
    keep({ id: module.id, name: module.relativeModuleId, state: module.state(), errors: module.errors() });
  }

  onTestRunEnd(_modules, errors, state) {
    keep({ id: 'run', name: 'the whole run', state, errors });
  }
}

function nameOf({ id, fullName, module }) {
  return { id, name: `${module.relativeModuleId} > ${fullName}`, isTest: true };
}

function keep({ id, name, isTest = false, state, errors = [] }) {
  const told = errors.map((error) => error.stack || `${error.name}: ${error.message}`);
  appendFileSync(process.env.DREAMOS_TALLY, `${JSON.stringify({ id, name, isTest, state, errors: told })}\n`);
}
