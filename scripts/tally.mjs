// Prints `N passed, N failed` from vitest's JSON report. A test file that did not even load counts as one failure.
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
console.log(`${report.numPassedTests} passed, ${failed} failed`);
