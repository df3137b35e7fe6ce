// A row of "what it must reach": one or more targets, each with what was measured.

export function atLeast(label, target, value, digits = 2) {
  return part(label, `>= ${target}`, value, (measured) => measured >= target, digits);
}

export function atMost(label, target, value, digits = 2) {
  return part(label, `<= ${target}`, value, (measured) => measured <= target, digits);
}

/** Something that holds or does not. */
export function holds(label, value) {
  return { label, target: '', measured: value ? 'yes' : 'no', ok: value };
}

/** @param {readonly ReturnType<typeof part>[]} parts */
export function row(what, parts) {
  return { what, parts };
}

export function verdict({ parts }, quick) {
  if (quick) return 'quick';
  if (parts.some(({ ok }) => ok === false)) return 'MISSED';
  return parts.some(({ ok }) => ok === undefined) ? 'in part' : 'ok';
}

// Without a value a peer was absent, so nothing can be said.
function part(label, target, value, test, digits) {
  if (value === undefined) return { label, target, measured: 'not measured' };
  return { label, target, measured: value.toFixed(digits), value, ok: test(value) };
}
