/** Thrown when a contestant is not to be had on this machine; the benchmark goes on without it. */
export class Absent extends Error {}

/** @param {string} name of a package in bench/package.json */
export async function fromBench(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND')
      throw new Absent(`${name} is not installed (npm ci --prefix bench)`, { cause: error });
    // For example: built for another Node.
    throw new Absent(`${name} cannot be loaded: ${String(error.message).split('\n', 1)[0]}`, { cause: error });
  }
}
