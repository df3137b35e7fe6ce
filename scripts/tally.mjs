// Prints what vitest's JSON report says was skipped, and `N passed, N failed`. A test file that did not even load counts as
// one failure.
import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
const report =
  text === '' ? { success: false, numPassedTests: 0, numFailedTests: 0, testResults: [] } : JSON.parse(text);
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
let failed = report.numFailedTests + unloaded.length;
// For example an error outside of any test.
if (!report.success && failed === 0) failed = 1;
for (const { assertionResults } of report.testResults) {
  for (const { status, fullName } of assertionResults) {
    if (status === 'skipped' || status === 'pending') console.log(`skipped: ${fullName}`);
  }
}
console.log(`${report.numPassedTests} passed, ${failed} failed`);
