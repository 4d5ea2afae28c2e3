import { Decimal, type Meter } from '@genops/core';
import { z } from 'zod';
import type { PricedModelEntry, PriceVersion, RateGroup, When } from '../schema.ts';

/** Prices are written as text, for one unit. */
const priceSchema = z.union([z.string(), z.number()]).nullish();

const pricesSchema = z.looseObject({
  prompt: priceSchema,
  completion: priceSchema,
  request: priceSchema,
  image_token: priceSchema,
  image_output: priceSchema,
  audio: priceSchema,
  audio_output: priceSchema,
  input_audio_cache: priceSchema,
  input_cache_read: priceSchema,
  input_cache_write: priceSchema,
  input_cache_write_1h: priceSchema,
  internal_reasoning: priceSchema,
  web_search: priceSchema,
});

const overrideSchema = pricesSchema.extend({
  min_prompt_tokens: z.number().nullish(),
  utc_start: z.union([z.string(), z.number()]).nullish(),
  utc_end: z.union([z.string(), z.number()]).nullish(),
  utc_days: z.array(z.union([z.string(), z.number()])).nullish(),
});

const modelSchema = z.looseObject({
  id: z.string(),
  canonical_slug: z.string().nullish(),
  context_length: z.number().nullish(),
  top_provider: z.looseObject({ max_completion_tokens: z.number().nullish() }).nullish(),
  pricing: pricesSchema.extend({ discount: priceSchema, overrides: z.array(overrideSchema).nullish() }),
});

const answerSchema = z.looseObject({ data: z.array(z.unknown()) });

type Prices = z.output<typeof pricesSchema>;
type Override = z.output<typeof overrideSchema>;

/** What each key of the list is a price of. All tokens are priced one by one. */
const meterOf: Readonly<Record<keyof typeof pricesSchema.shape, Meter>> = {
  prompt: 'input',
  completion: 'output',
  request: 'request',
  image_token: 'input_image',
  image_output: 'output_image',
  audio: 'input_audio',
  audio_output: 'output_audio',
  input_audio_cache: 'cache_read_audio',
  input_cache_read: 'cache_read',
  input_cache_write: 'cache_write_5m',
  input_cache_write_1h: 'cache_write_1h',
  internal_reasoning: 'reasoning',
  web_search: 'web_search',
};

/** More conditional prices than this, and not all of their combinations are told apart any more. */
const mostOverrides = 4;

/**
 * Reads OpenRouter's list of models. Loosely: a model that cannot be read for certain is left out, and the
 * price known before stays.
 *
 * @param at - when the list was fetched, in milliseconds since 1970
 * @throws {z.ZodError} when it is no list at all
 * @see https://openrouter.ai/docs/api-reference/list-available-models (checked 2026-11-01)
 */
export function readOpenRouterModels(answer: unknown, at: number): readonly PricedModelEntry[] {
  return answerSchema.parse(answer).data.flatMap((item) => {
    const model = modelSchema.safeParse(item);
    return model.success ? (readModel(model.data, at) ?? []) : [];
  });
}

function readModel(model: z.output<typeof modelSchema>, at: number): PricedModelEntry | undefined {
  const version = readVersion(model.pricing, at);
  if (version === undefined) return undefined;
  const { id, canonical_slug: slug, context_length: contextTokens, top_provider: top } = model;
  const maxOutputTokens = top?.max_completion_tokens;
  return {
    model: id,
    ...(slug && slug !== id && { aliases: [slug] }),
    ...(isCount(contextTokens) && { contextTokens }),
    ...(isCount(maxOutputTokens) && { maxOutputTokens }),
    versions: [version],
  };
}

function isCount(value: number | null | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function readVersion(pricing: z.output<typeof modelSchema>['pricing'], at: number): PriceVersion | undefined {
  const base = readGroup(pricing);
  const overrides = pricing.overrides ?? [];
  if (base?.input === undefined || base.output === undefined || overrides.length > mostOverrides)
    return undefined;
  // While a window is open, the list shows its prices in place of the usual ones.
  if (overrides.some((override) => isOpen(override, at))) return undefined;
  const conditional = combinations(overrides).map(combine);
  if (conditional.includes(undefined)) return undefined;
  const discount = pricing.discount === undefined ? undefined : exact(pricing.discount);
  return {
    rates: [base, ...(conditional as RateGroup[])],
    ...(discount?.gt('0') && {
      modifiers: [{ factor: new Decimal('1').minus(discount).toFixed(), stage: 'tier' }],
    }),
  };
}

/** Zero is a price for the text of a free model; for all else it says that there is none of its own. */
function readGroup(prices: Prices): RateGroup | undefined {
  const group: { [M in Meter]?: string } = {};
  for (const [key, meter] of Object.entries(meterOf) as [keyof typeof meterOf, Meter][]) {
    const value = prices[key];
    if (value === undefined || value === null) continue;
    const price = exact(value);
    if (price?.gte('0') !== true) return undefined;
    if (price.eq('0') && meter !== 'input' && meter !== 'output') continue;
    group[meter] = (meter === 'request' || meter === 'web_search' ? price : price.times('1e6')).toFixed();
  }
  return group;
}

function exact(value: string | number | null): Decimal | undefined {
  const text = String(value);
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? new Decimal(text) : undefined;
}

/** Every choice of at least one override: when several hold, the later one decides, key by key. */
function combinations(overrides: readonly Override[]): readonly (readonly Override[])[] {
  const chosen: (readonly Override[])[] = [];
  for (const override of overrides) {
    chosen.push([override], ...chosen.map((others) => [...others, override]));
  }
  return chosen;
}

function combine(overrides: readonly Override[]): RateGroup | undefined {
  let group: RateGroup = {};
  let when: When = {};
  for (const override of overrides) {
    const prices = readGroup(override);
    const condition = readCondition(override);
    if (prices === undefined || condition === undefined) return undefined;
    group = { ...group, ...prices };
    const min = Math.max(when.promptTokens?.min ?? 0, condition.promptTokens?.min ?? 0);
    when = { ...when, ...condition, ...(min > 0 && { promptTokens: { min } }) };
  }
  return { when, ...group };
}

function readCondition({
  min_prompt_tokens: min,
  utc_start: start,
  utc_end: end,
  utc_days: days,
}: Override): When | undefined {
  const windows = readWindow(start, end);
  const isoWeekdays = days?.map(isoWeekday);
  if (windows === 'unreadable' || isoWeekdays?.includes(undefined)) return undefined;
  const time = {
    timeZone: 'UTC',
    ...(isoWeekdays && { isoWeekdays: isoWeekdays as number[] }),
    ...(windows && { windows }),
  };
  return {
    ...(isCount(min) && { promptTokens: { min } }),
    ...((windows ?? isoWeekdays) && { time }),
  };
}

type Window = { from: string; until: string };

function readWindow(
  start: Override['utc_start'],
  end: Override['utc_end'],
): Window[] | undefined | 'unreadable' {
  if ((start ?? end ?? undefined) === undefined) return undefined;
  const [from, until] = [clock(start), clock(end)];
  return from === undefined || until === undefined ? 'unreadable' : [{ from, until }];
}

/** `0130` and `130` are half past one. */
function clock(value: string | number | null | undefined): string | undefined {
  const digits = String(value ?? '').padStart(4, '0');
  const match = /^([01]\d|2[0-4])([0-5]\d)$/.exec(digits);
  return match === null ? undefined : `${match[1]}:${match[2]}`;
}

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Names of days, or numbers from 0 for Sunday. */
function isoWeekday(day: string | number): number | undefined {
  if (typeof day === 'number') return Number.isInteger(day) && day >= 0 && day <= 6 ? day || 7 : undefined;
  const index = weekdays.indexOf(day.slice(0, 3).toLowerCase());
  return index === -1 ? undefined : index + 1;
}

function isOpen(override: Override, at: number): boolean {
  const time = readCondition(override)?.time;
  if (time === undefined) return false;
  const now = new Date(at);
  const day = now.getUTCDay() || 7;
  const minute = now.toISOString().slice(11, 16);
  const inDays = time.isoWeekdays?.includes(day) ?? true;
  const inWindow = (time.windows ?? [{ from: '00:00', until: '24:00' }]).some(({ from, until }) =>
    from <= until ? from <= minute && minute < until : from <= minute || minute < until,
  );
  return inDays && inWindow;
}
