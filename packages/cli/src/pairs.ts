import { InvalidArgumentError } from 'commander';

/** Values by dimension: several of one mean any of them. */
export type Pairs = Readonly<Record<string, readonly string[]>>;

/** Gathers `dimension=value` options. */
export function collectPairs(pair: string, before: Pairs): Pairs {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError(`expected dimension=value, got "${pair}"`);
  const dimension = pair.slice(0, equals);
  return { ...before, [dimension]: [...(before[dimension] ?? []), pair.slice(equals + 1)] };
}

/** As people write them: one value stands by itself. */
export function singlesOf(pairs: Pairs): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries(
    Object.entries(pairs).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}
