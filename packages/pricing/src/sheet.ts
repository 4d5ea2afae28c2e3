import { Decimal, type Meter, meters } from '@genops/core';
import type { FullModifier, FullRate } from './compiled-version.ts';
import { countsTokens, fallbacks } from './meter-facts.ts';

/** The price of one meter, as whole numbers so that charging needs no decimal arithmetic. */
export interface SheetRate {
  /** Price of `per` units before `factor`, as exact decimal text. */
  readonly unitPrice: string;
  readonly per: string;
  /** Product of the factors shown beside the price, as exact decimal text; absent means 1. */
  readonly factor?: string;
  /** Whose price this is, when the meter has none of its own. */
  readonly pricedAs?: Meter;
  /** What one unit costs, times `divisor`, in steps of 10^-scale. */
  readonly steps: bigint;
  /** `steps` as a number; NaN when it is too large to be exact. */
  readonly safeSteps: number;
  /** What is left of `per` without its factors 2 and 5: prices per hour divide by 9. */
  readonly divisor: bigint;
  readonly minimumQuantity: number;
  readonly quantityRounding: number;
  /** The rate is for what goes beyond this quantity. */
  readonly beyond: number;
}

/** Everything that a call of one kind is charged by. */
export interface Sheet {
  /** Digits after the point of one step. */
  readonly scale: number;
  /** True when every meter has one rate that is a whole number of steps for each unit. */
  readonly linear: boolean;
  readonly rates: { readonly [M in Meter]?: readonly [SheetRate, ...SheetRate[]] };
}

/**
 * Puts rates and factors together.
 *
 * @param inForce - by meter: the base rate, then marginal ones by where they begin
 * @param free - meters without a rate cost nothing
 */
export function buildSheet(
  inForce: ReadonlyMap<Meter, readonly FullRate[]>,
  modifiers: readonly FullModifier[],
  free: boolean,
): Sheet {
  const exact: { meter: Meter; rates: readonly ExactRate[]; pricedAs: Meter | undefined }[] = [];
  for (const meter of meters) {
    const source = [meter, ...(fallbacks[meter] ?? [])].find((candidate) => inForce.has(candidate));
    const rates = source === undefined ? undefined : inForce.get(source);
    if (rates !== undefined) {
      const pricedAs = source === meter ? undefined : source;
      exact.push({ meter, rates: rates.map((rate) => exactRate(meter, rate, modifiers)), pricedAs });
    } else if (free) {
      exact.push({ meter, rates: [exactRate(meter, nothing, [])], pricedAs: undefined });
    }
  }
  const scale = Math.max(0, ...exact.flatMap(({ rates }) => rates.map(({ price }) => decimalsOf(price))));
  const sheet: { [M in Meter]?: readonly [SheetRate, ...SheetRate[]] } = {};
  let linear = true;
  for (const { meter, rates, pricedAs } of exact) {
    const [base, ...marginal] = rates.map((rate) => sheetRate(rate, scale, pricedAs));
    if (base === undefined) continue;
    sheet[meter] = [base, ...marginal];
    linear &&= marginal.length === 0 && isLinear(base);
  }
  return { scale, linear, rates: sheet };
}

function isLinear(rate: SheetRate): boolean {
  return (
    rate.divisor === 1n && rate.minimumQuantity === 0 && rate.quantityRounding === 1 && rate.safeSteps >= 0
  );
}

const nothing: FullRate = {
  amount: new Decimal('0'),
  per: '1',
  minimumQuantity: 0,
  quantityRounding: 1,
  beyond: 0,
  condition: undefined,
};

/** A rate with its factors, and its price for one unit as a finite decimal over a divisor. */
interface ExactRate {
  readonly rate: FullRate;
  readonly unitPrice: Decimal;
  readonly factor: Decimal;
  /** Price of one unit times `divisor`. */
  readonly price: Decimal;
  readonly divisor: bigint;
}

function exactRate(meter: Meter, rate: FullRate, modifiers: readonly FullModifier[]): ExactRate {
  let unitPrice = rate.amount;
  let factor = new Decimal('1');
  for (const modifier of modifiers) {
    if (modifier.tokensOnly && !countsTokens(meter)) continue;
    if (modifier.folded) unitPrice = unitPrice.times(modifier.factor);
    else factor = factor.times(modifier.factor);
  }
  const { multiplier, divisor } = splitPer(BigInt(rate.per));
  return { rate, unitPrice, factor, price: unitPrice.times(factor).times(multiplier), divisor };
}

/** One over `per`, as a finite decimal over a divisor that shares no factor with ten. */
function splitPer(per: bigint): { readonly multiplier: string; readonly divisor: bigint } {
  let divisor = per;
  let twos = 0;
  let fives = 0;
  for (; divisor % 2n === 0n; twos++) divisor /= 2n;
  for (; divisor % 5n === 0n; fives++) divisor /= 5n;
  const places = Math.max(twos, fives);
  const digits = 2n ** BigInt(places - twos) * 5n ** BigInt(places - fives);
  return { multiplier: `${digits}e-${places}`, divisor };
}

function decimalsOf(value: Decimal): number {
  return value.toFixed().split('.')[1]?.length ?? 0;
}

function sheetRate(
  { rate, unitPrice, factor, price, divisor }: ExactRate,
  scale: number,
  pricedAs: Meter | undefined,
): SheetRate {
  const steps = BigInt(price.times(`1e${scale}`).toFixed());
  return {
    unitPrice: unitPrice.toFixed(),
    per: rate.per,
    ...(!factor.eq('1') && { factor: factor.toFixed() }),
    ...(pricedAs !== undefined && { pricedAs }),
    steps,
    safeSteps: steps <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(steps) : Number.NaN,
    divisor,
    minimumQuantity: rate.minimumQuantity,
    quantityRounding: rate.quantityRounding,
    beyond: rate.beyond,
  };
}
