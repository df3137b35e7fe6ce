import { readFileSync } from 'node:fs';

// On Linux not maxRSS: that is handed on from the process that started this one, and the benchmarks before this one have
// made it large.
export function peakMb() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}
