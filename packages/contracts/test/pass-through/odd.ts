/** Text that is changed easily by whoever reads and writes it again. */
export const oddText = 'ünï\u2028code\u2029 👩‍🚀 \u0000 \ud800 "quoted" \\ </script>';

/** Members that no format knows, with everything that JSON has, nested. */
export const unknownMembers = {
  'x-unknown': { nested: [1, null, { 'a-b': [], '': {} }], text: oddText, flag: false },
  zz_numbers: [0, -1, -2.5, 0.1, 1e21, -1e-7, 9_007_199_254_740_991, 123_456_789_012_345_680_000],
  nothing: null,
};

/** A PNG of one pixel. */
export const image =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

/** The schema of a tool’s input. */
export const schema = {
  type: 'object',
  properties: { 'who-else': { type: ['string', 'null'], description: oddText } },
  required: ['who-else'],
  additionalProperties: false,
};
