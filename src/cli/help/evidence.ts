// Made by `npm run readme` from test/faults/results.json.
export const text = `1,560 power-cut states x 3 file systems x 5,227 operations; 1,841 kill -9 points in 46 commands; 4,644 failed system
calls; 30,700 spoilt files; 20,000 simulated histories with 87,991 crashes and rests; 64,365 sends of 32 processes
under 177 SIGKILLs and 132 SIGSTOPs: lost = 0, torn = 0, duplicates = 0, negative controls caught 30 of 30.

(2026-11-26, Linux 6.18.44-fc-v657, 2 cores, Node v20.20.2. To repeat it: npm run test:faults)`;
