// A row of what a benchmark says in short: one or more figures, most of them ratios. Goals are no matter of a measurement.

/** Without a value a peer was absent, so nothing can be said. */
export function figure(label, value, digits = 2) {
  return value === undefined ? { label, measured: 'not measured' } : { label, measured: value.toFixed(digits), value };
}

/** Something that holds or does not. */
export function holds(label, value) {
  return { label, measured: value ? 'yes' : 'no' };
}

/** @param {readonly ReturnType<typeof figure>[]} parts */
export function row(what, parts) {
  return { what, parts };
}
