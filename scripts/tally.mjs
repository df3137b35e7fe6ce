// Prints what vitest's JSON reports say was skipped, what failed and why, and `N passed, N failed`. A test file that did not
// even load counts as one failure. What failed comes last: of a long log often only the end is kept.
import { readFileSync } from 'node:fs';

const none = { success: false, numPassedTests: 0, numFailedTests: 0, testResults: [] };
const reports = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8') || JSON.stringify(none)));
const sum = (of) => reports.reduce((all, report) => all + of(report), 0);
const report = {
  success: reports.every(({ success }) => success),
  numPassedTests: sum(({ numPassedTests }) => numPassedTests),
  numFailedTests: sum(({ numFailedTests }) => numFailedTests),
  testResults: reports.flatMap(({ testResults }) => testResults),
};
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
let failed = report.numFailedTests + unloaded.length;
// For example an error outside of any test.
if (!report.success && failed === 0) failed = 1;

const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
for (const { status, fullName } of tests) {
  if (status === 'skipped' || status === 'pending') console.log(`skipped: ${fullName}`);
}
for (const { status, fullName, failureMessages } of tests) {
  if (status === 'failed') console.log(`failed: ${fullName}\n${indented(failureMessages.join('\n'))}`);
}
for (const { name, message } of unloaded) console.log(`failed to load: ${name}\n${indented(message)}`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);

function indented(lines) {
  return lines
    .split('\n')
    .slice(0, 40)
    .map((line) => `  ${line}`)
    .join('\n');
}
