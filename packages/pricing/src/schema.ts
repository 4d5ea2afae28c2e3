import { type Meter, meters } from '@genops/core';
import { z } from 'zod';

/** Exact decimal text, never negative: `"0.15"`. A number is refused: a float has already lost its digits. */
const amountSchema = z
  .string('expected a plain decimal written as text, such as "0.15"')
  .regex(/^(0|[1-9]\d{0,17})(\.\d{1,18})?$/, 'expected a plain, non-negative decimal such as "0.15"');

const countSchema = z
  .string('expected a whole number written as text, such as "1000000"')
  .regex(/^[1-9]\d{0,14}$/, 'expected a whole number above zero, such as "1000000"');

/** An instant in UTC; a bare date is refused because prices change at instants. */
const instantSchema = z.iso.datetime({ error: 'expected an instant in UTC such as "2026-08-16T16:00:00Z"' });

const nameSchema = z.string().min(1).max(256);

/** Lower-case, as in `gen_ai.provider.name`. */
const providerIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dots and dashes');

/** `"09:00"`; `"24:00"` is the end of the day. */
const clockSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'expected a time such as "09:00"');

const timeZoneSchema = z.string().refine(isTimeZone, 'expected an IANA time zone such as "Asia/Shanghai"');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** When a rate or modifier holds. Every condition that is there must be met. */
const whenSchema = z.strictObject({
  /** The tier that served. `standard` is the tier of a call that names none. */
  serviceTier: z.array(nameSchema).min(1).optional(),
  speed: z.array(nameSchema).min(1).optional(),
  /** One of these, or any that is known and none of `not`. */
  region: z
    .union([z.array(nameSchema).min(1), z.strictObject({ not: z.array(nameSchema).min(1) })])
    .optional(),
  /** The whole prompt, cache reads and writes included, has more tokens than `min`. */
  promptTokens: z
    .strictObject({
      min: z.int().nonnegative(),
      /** True when a prompt of exactly `min` is already in. @default false */
      inclusive: z.boolean().optional(),
      /** `request`: every token of the call; `marginal`: only what goes beyond `min`, component by component. @default 'request' */
      scope: z.enum(['request', 'marginal']).optional(),
    })
    .optional(),
  /** What was already used in the billing period, as the caller counts it. */
  volume: z
    .strictObject({
      unit: z.enum(['tokens', 'requests', 'spend']),
      min: amountSchema,
      /** Up to, but not including. Steps of a scale need it, because factors multiply. */
      below: amountSchema.optional(),
    })
    .optional(),
  time: z
    .strictObject({
      timeZone: timeZoneSchema,
      /** 1 is Monday. Absent means every day. */
      isoWeekdays: z.array(z.int().min(1).max(7)).min(1).optional(),
      /** Start inclusive, end exclusive. Absent means all day. */
      windows: z
        .array(z.strictObject({ from: clockSchema, until: clockSchema }))
        .min(1)
        .optional(),
      /** Dates (in `timeZone`) on which the condition does not hold, by name of a calendar of the file. */
      excludedCalendar: nameSchema.optional(),
    })
    .optional(),
  /** `searchContextSize`, `imageSize`, `imageQuality`, `freeAllowanceExhausted` … */
  options: z.record(nameSchema, z.union([z.string(), z.number(), z.boolean()])).optional(),
});

const rateSchema = z.union(
  [
    amountSchema,
    z.strictObject({
      amount: amountSchema,
      /** Units that `amount` buys. */
      per: countSchema.optional(),
      /** Least quantity that is billed once there is any. */
      minimumQuantity: countSchema.optional(),
      /** Quantities are rounded up to a multiple of this. */
      quantityRounding: countSchema.optional(),
    }),
  ],
  'expected a decimal written as text ("0.15") or an object with amount and per',
);

const rateByMeter = Object.fromEntries(meters.map((meter) => [meter, rateSchema.optional()])) as {
  [M in Meter]: z.ZodOptional<typeof rateSchema>;
};

/** Prices that hold together: one block of a price page. */
const rateGroupSchema = z.strictObject({
  when: whenSchema.optional(),
  /** Of this group, when it is not the version's. */
  source: nameSchema.optional(),
  ...rateByMeter,
});

/** A factor on top of rates. Stages are explanatory: factors multiply, so their order changes nothing. */
const modifierSchema = z.strictObject({
  factor: amountSchema,
  when: whenSchema.optional(),
  /** @default 'all' */
  appliesTo: z.enum(['tokens', 'all']).optional(),
  /** `tier` factors become part of the unit price; the others are shown beside it. */
  stage: z.enum(['tier', 'region', 'contract', 'gateway']),
  source: nameSchema.optional(),
});

const sourceSchema = z.strictObject({
  name: nameSchema,
  version: nameSchema.optional(),
  url: z.url().optional(),
  /** When it was last looked at. */
  retrievedAt: instantSchema,
});

/** What a model costs between two instants. */
const versionSchema = z
  .strictObject({
    /** Inclusive. Absent: as far back as anyone asks. */
    validFrom: instantSchema.optional(),
    /** Exclusive. Absent: until a later version begins. */
    validTo: instantSchema.optional(),
    /** Announced, not yet in force; may be taken back. */
    revocable: z.boolean().optional(),
    /** Name of one of the file's `sources`. */
    source: nameSchema.optional(),
    confidence: z.enum(['agreed', 'single', 'inferred', 'override']).optional(),
    /** Absent: the price of the catalogue below holds, with these `modifiers` on top. */
    rates: z.array(rateGroupSchema).min(1).optional(),
    modifiers: z.array(modifierSchema).min(1).optional(),
    /** Costs nothing, on purpose. */
    free: z.literal(true).optional(),
  })
  .refine((version) => version.rates ?? version.modifiers ?? version.free, {
    message: 'expected rates, modifiers or "free": true',
  })
  .refine((version) => !(version.free && version.rates), {
    message: 'expected either "free" or rates, not both',
  })
  .refine((version) => !version.validFrom || !version.validTo || version.validFrom < version.validTo, {
    message: 'expected validFrom before validTo',
  });

const modelSchema = z.strictObject({
  /** As the provider spells it; `*` in an override means every model of the provider. */
  model: nameSchema,
  /** Other exact names of the same thing. */
  aliases: z.array(nameSchema).optional(),
  family: nameSchema.optional(),
  status: z.enum(['active', 'preview', 'deprecated', 'retired']).optional(),
  releasedAt: z.iso.date().optional(),
  contextTokens: z.int().positive().optional(),
  maxOutputTokens: z.int().nonnegative().optional(),
  /** The most tokens that one image of a request can become. */
  maxImageTokens: z.int().positive().optional(),
  versions: z.array(versionSchema).min(1),
});

/** What a gateway takes for itself, on top of what the provider behind it costs. */
const gatewayFeeSchema = z.strictObject({
  action: z.enum(['credit_purchase', 'byok_request', 'gateway_request']),
  /** How it is paid: `card`, `crypto`. Absent: any way. */
  method: nameSchema.optional(),
  /** Share of the amount: `"0.055"` is 5.5 %. */
  factor: amountSchema,
  minimum: amountSchema.optional(),
  /** Free until this much was used in the period. */
  freeQuota: z
    .strictObject({
      requests: countSchema.optional(),
      spend: amountSchema.optional(),
      period: z.enum(['month']),
    })
    .optional(),
  validFrom: instantSchema.optional(),
  validTo: instantSchema.optional(),
  source: nameSchema.optional(),
});

/** Prices of one provider: the form of the bundled catalogue and of what users write. */
export const priceFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    provider: providerIdSchema,
    /** Other ids of the same provider. */
    aliases: z.array(providerIdSchema).optional(),
    /** @default 'USD' */
    currency: z.string().min(1).max(64).optional(),
    /** Providers whose prices hold for models that are not listed here. */
    pricedAs: z.array(providerIdSchema).optional(),
    /** Model names say whose they are (`openai/gpt-4o`, `gpt-4o/openai`), and cost what that provider asks. */
    passThrough: z.boolean().optional(),
    /** The caller's own names for models: Azure deployments, application inference profiles. */
    deployments: z.record(nameSchema, nameSchema).optional(),
    sources: z.record(nameSchema, sourceSchema).optional(),
    /** Dates by name, for `excludedCalendar`. */
    calendars: z.record(nameSchema, z.array(z.iso.date())).optional(),
    gatewayFees: z.array(gatewayFeeSchema).optional(),
    /** What every model of the provider shares unless it says otherwise: tool fees. */
    rates: z.array(rateGroupSchema).min(1).optional(),
    modifiers: z.array(modifierSchema).min(1).optional(),
    models: z.array(modelSchema),
  })
  .superRefine((file, context) => {
    file.models.forEach((model, m) => {
      model.versions.forEach((version, v) => {
        const path = ['models', m, 'versions', v];
        if (version.source !== undefined && file.sources?.[version.source] === undefined) {
          context.addIssue({
            code: 'custom',
            path: [...path, 'source'],
            message: `expected the name of one of "sources", got "${version.source}"`,
          });
        }
        [...(version.rates ?? []), ...(version.modifiers ?? [])].forEach((item) => {
          const calendar = item.when?.time?.excludedCalendar;
          if (calendar !== undefined && file.calendars?.[calendar] === undefined) {
            context.addIssue({
              code: 'custom',
              path: [...path, 'when', 'time', 'excludedCalendar'],
              message: `expected the name of one of "calendars", got "${calendar}"`,
            });
          }
        });
      });
    });
  });

/** Prices of one provider, as written. */
export type PriceFile = z.input<typeof priceFileSchema>;
export type PricedModelEntry = PriceFile['models'][number];
export type PriceVersion = PricedModelEntry['versions'][number];
export type RateGroup = NonNullable<PriceVersion['rates']>[number];
export type Rate = NonNullable<RateGroup[Meter]>;
export type When = NonNullable<RateGroup['when']>;
export type Modifier = NonNullable<PriceVersion['modifiers']>[number];
export type PriceSource = NonNullable<PriceFile['sources']>[string];
export type GatewayFee = NonNullable<PriceFile['gatewayFees']>[number];
