// Made by `npm run readme` from test/faults/results.json.
export const text = ``;
