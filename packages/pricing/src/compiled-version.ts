import { Decimal, type Meter, meters } from '@genops/core';
import {
  type Circumstances,
  type Condition,
  compileCondition,
  type Likelihood,
  normalName,
  type Prospect,
  type UsedVolume,
} from './condition.ts';
import { usualPer } from './meter-facts.ts';
import type { Modifier, PriceFile, PriceVersion, Rate, RateGroup } from './schema.ts';
import { buildSheet, type Sheet } from './sheet.ts';

/** A rate as written, with everything that the file left out filled in. */
export interface FullRate {
  readonly amount: Decimal;
  readonly per: string;
  readonly minimumQuantity: number;
  readonly quantityRounding: number;
  /** Above zero for a marginal tier: the rate is only for what goes beyond. */
  readonly beyond: number;
  readonly condition: Condition | undefined;
}

export interface FullModifier {
  readonly factor: Decimal;
  readonly tokensOnly: boolean;
  /** True when it becomes part of the unit price. */
  readonly folded: boolean;
  readonly condition: Condition | undefined;
}

/** Prices of one model between two instants, ready for use. */
export interface CompiledVersion {
  readonly currency: string;
  /** The rates and factors in force. Built once for each combination of conditions that hold. */
  sheetFor(circumstances: Circumstances): Sheet;
  /** The dearest that each meter may come to. */
  dearestSheet(prospect: Prospect): Sheet;
  /** Tiers and speeds that its prices tell apart, `standard` included. */
  readonly serviceTiers: ReadonlySet<string>;
  readonly speeds: ReadonlySet<string>;
  /** Steps of a contract whose prices fall with volume, by where they begin. */
  readonly volumeSteps: readonly VolumeStep[];
}

/** From `from` on, prices are multiplied by `factor`; both are exact decimal text. */
export interface VolumeStep {
  readonly unit: keyof UsedVolume;
  readonly from: string;
  readonly factor: string;
}

/** What a version shares with the others of its provider. */
export type SharedPrices = Pick<PriceFile, 'rates' | 'modifiers' | 'calendars' | 'currency'>;

/** @param extra - modifiers that lie on top, such as a negotiated discount */
export function compileVersion(
  version: PriceVersion,
  shared: SharedPrices,
  extra: readonly Modifier[] = [],
): CompiledVersion {
  const groups = [...(version.rates ?? []), ...(shared.rates ?? [])];
  const written = [...(version.modifiers ?? []), ...(shared.modifiers ?? []), ...extra];
  const rates = compileRates(groups, shared.calendars);
  const modifiers = written.map((modifier) => compileModifier(modifier, shared.calendars));
  const free = version.free === true;
  const conditions = distinctConditions(rates, modifiers);
  const sheets = new Map<number, Sheet>();
  const dearestSheets = new Map<number, Sheet>();

  return {
    currency: shared.currency ?? 'USD',
    serviceTiers: namesIn([...groups, ...written], 'serviceTier'),
    speeds: namesIn([...groups, ...written], 'speed'),
    volumeSteps: volumeSteps(written),

    sheetFor(circumstances) {
      let key = 0;
      for (const condition of conditions) key = key * 2 + (condition.holds(circumstances) ? 1 : 0);
      let sheet = sheets.get(key);
      if (sheet === undefined) {
        const holds = ({ condition }: { readonly condition: Condition | undefined }): boolean =>
          condition === undefined || condition.holds(circumstances);
        const inForce = mapValues(rates, (candidates) => ratesInForce(candidates, holds));
        sheet = buildSheet(inForce, modifiers.filter(holds), free);
        sheets.set(key, sheet);
      }
      return sheet;
    },

    dearestSheet(prospect) {
      let key = 0;
      for (const condition of conditions) key = key * 3 + likelihoodDigit[condition.foresee(prospect)];
      let sheet = dearestSheets.get(key);
      if (sheet === undefined) {
        const likelihood = ({ condition }: { readonly condition: Condition | undefined }): Likelihood =>
          condition?.foresee(prospect) ?? 'always';
        const dearest = mapValues(rates, (candidates) => dearestRate(candidates, likelihood));
        const raising = modifiers.filter((modifier) => {
          const likely = likelihood(modifier);
          return likely === 'always' || (likely === 'maybe' && modifier.factor.gt(one));
        });
        sheet = buildSheet(dearest, raising, free);
        dearestSheets.set(key, sheet);
      }
      return sheet;
    },
  };
}

const one = new Decimal('1');
const likelihoodDigit: Readonly<Record<Likelihood, number>> = { never: 0, maybe: 1, always: 2 };

/** Names of the tier of calls that ask for none. */
const standardNames: ReadonlySet<string> = new Set([
  'standard',
  'default',
  'auto',
  'on_demand',
  'standard_only',
  'not_available',
]);

/** `standard` for every spelling of it, lower case for all else. */
export function normalTier(tier: string | undefined): string {
  if (tier === undefined) return 'standard';
  const name = normalName(tier);
  return standardNames.has(name) ? 'standard' : name;
}

/** Rates of each meter, the most specific first; among equals the order of the file, the model's own before shared ones. */
function compileRates(
  groups: readonly RateGroup[],
  calendars: PriceFile['calendars'],
): ReadonlyMap<Meter, readonly FullRate[]> {
  const rates = new Map<Meter, FullRate[]>();
  for (const group of groups) {
    const condition = compileCondition(group.when, calendars);
    const marginal = group.when?.promptTokens?.scope === 'marginal' ? group.when.promptTokens.min : 0;
    for (const meter of meters) {
      const rate = group[meter];
      if (rate === undefined) continue;
      const list = rates.get(meter) ?? [];
      list.push(fullRate(meter, rate, marginal, condition));
      rates.set(meter, list);
    }
  }
  for (const list of rates.values()) list.sort((left, right) => specificity(right) - specificity(left));
  return rates;
}

function specificity({ condition }: FullRate): number {
  return condition?.specificity ?? 0;
}

function fullRate(meter: Meter, rate: Rate, beyond: number, condition: Condition | undefined): FullRate {
  const written = typeof rate === 'string' ? { amount: rate } : rate;
  return {
    amount: new Decimal(written.amount),
    per: written.per ?? usualPer[meter],
    minimumQuantity: Number(written.minimumQuantity ?? '0'),
    quantityRounding: Number(written.quantityRounding ?? '1'),
    beyond,
    condition,
  };
}

function compileModifier(modifier: Modifier, calendars: PriceFile['calendars']): FullModifier {
  return {
    factor: new Decimal(modifier.factor),
    tokensOnly: modifier.appliesTo === 'tokens',
    folded: modifier.stage === 'tier',
    condition: compileCondition(modifier.when, calendars),
  };
}

function distinctConditions(
  rates: ReadonlyMap<Meter, readonly FullRate[]>,
  modifiers: readonly FullModifier[],
): readonly Condition[] {
  const conditions = new Set<Condition>();
  for (const { condition } of [...[...rates.values()].flat(), ...modifiers]) {
    if (condition !== undefined) conditions.add(condition);
  }
  return [...conditions];
}

function namesIn(
  items: readonly (RateGroup | Modifier)[],
  dimension: 'serviceTier' | 'speed',
): ReadonlySet<string> {
  return new Set(['standard', ...items.flatMap(({ when }) => when?.[dimension] ?? []).map(normalName)]);
}

function volumeSteps(modifiers: readonly Modifier[]): readonly VolumeStep[] {
  return modifiers
    .flatMap(({ when, factor }) =>
      when?.volume === undefined ? [] : [{ unit: when.volume.unit, from: when.volume.min, factor }],
    )
    .sort((left, right) => new Decimal(left.from).cmp(right.from));
}

/** The most specific rate that holds, then the marginal ones by where they begin. */
function ratesInForce(
  candidates: readonly FullRate[],
  holds: (rate: FullRate) => boolean,
): readonly FullRate[] | undefined {
  const inForce = candidates.filter(holds);
  const base = inForce.find(({ beyond }) => beyond === 0);
  if (base === undefined) return undefined;
  const marginal = inForce
    .filter(({ beyond }) => beyond > 0)
    .sort((left, right) => left.beyond - right.beyond);
  return [base, ...marginal];
}

/** Of the rates that may come to hold, the one with the highest price. */
function dearestRate(
  candidates: readonly FullRate[],
  likelihood: (rate: FullRate) => Likelihood,
): readonly FullRate[] | undefined {
  let dearest: FullRate | undefined;
  for (const rate of candidates) {
    const likely = likelihood(rate);
    if (likely === 'never') continue;
    if (dearest === undefined || isDearer(rate, dearest)) dearest = rate;
    // What certainly holds hides everything less specific.
    if (likely === 'always' && rate.beyond === 0) break;
  }
  return dearest && [{ ...dearest, beyond: 0 }];
}

function isDearer(left: FullRate, right: FullRate): boolean {
  return left.amount.times(right.per).gt(right.amount.times(left.per));
}

function mapValues<Key, Value, Result>(
  map: ReadonlyMap<Key, Value>,
  change: (value: Value) => Result | undefined,
): ReadonlyMap<Key, Result> {
  const changed = new Map<Key, Result>();
  for (const [key, value] of map) {
    const result = change(value);
    if (result !== undefined) changed.set(key, result);
  }
  return changed;
}
