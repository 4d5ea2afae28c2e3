/**
 * The value below which a share of the values lies, between two of them where it falls between (type 7 of
 * Hyndman and Fan, what spreadsheets do).
 *
 * @param share - 0 to 1
 * @returns NaN of nothing
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const lower = sorted[below] ?? Number.NaN;
  const upper = sorted[below + 1] ?? lower;
  return lower + (position - below) * (upper - lower);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Makes the median absolute deviation of normal values equal their standard deviation. */
const normalConsistency = 1.4826;

/** How far values usually are from their median, in standard deviations' size; outliers hardly move it. */
export function robustSpread(values: readonly number[]): number {
  const middle = median(values);
  return normalConsistency * median(values.map((value) => Math.abs(value - middle)));
}

/** A value by its rank in a tally of whole numbers: the smallest that at least `share` of them do not exceed. */
export function tallyQuantile(tally: ReadonlyMap<number, number>, share: number): number | undefined {
  const values = [...tally.keys()].sort((left, right) => left - right);
  const total = values.reduce((sum, value) => sum + (tally.get(value) ?? 0), 0);
  let seen = 0;
  return values.find((value) => {
    seen += tally.get(value) ?? 0;
    return seen >= share * total;
  });
}
