// Required by a process that is measured: at SIGUSR2 it gives back what it does not use any more, and says how much it has left.
const { writeFileSync } = require('node:fs');
const v8 = require('node:v8');
const vm = require('node:vm');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const file = process.env.DREAMOS_TEST_HEAP;
let count = 0;

process.on('SIGUSR2', () => {
  // What the first one finalises the second one frees.
  gc();
  gc();
  writeFileSync(file, JSON.stringify({ count: ++count, bytes: process.memoryUsage().heapUsed }));
});
