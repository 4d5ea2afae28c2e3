import { subunitsPerUnit } from '../subunits.ts';

/** Sub-units as two columns, both of the sign of the amount: whole units and what is left of one. */
export function split(subunits: bigint): readonly [whole: bigint, fraction: bigint] {
  return [subunits / subunitsPerUnit, subunits % subunitsPerUnit];
}

/** The opposite of {@link split}, for columns read as numbers or as bigints. */
export function join(whole: unknown, fraction: unknown): bigint {
  return BigInt(whole as number | bigint) * subunitsPerUnit + BigInt(fraction as number | bigint);
}
