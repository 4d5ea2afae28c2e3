import { createPricing, type PriceBook, parsePriceFile } from '@genops/pricing';

/**
 * Made-up prices that stay as they are: a house with a large, a small and an old model, whose large one gets
 * cheaper on the 10th of August, and a rival with a model of the same name.
 */
const houseFile = parsePriceFile({
  provider: 'house',
  models: [
    {
      model: 'large',
      contextTokens: 200_000,
      maxOutputTokens: 16_000,
      versions: [
        {
          rates: [
            { input: '4', cache_read: '0.4', output: '16' },
            { when: { serviceTier: ['batch'] }, input: '2', cache_read: '0.2', output: '8' },
          ],
        },
        {
          validFrom: '2026-08-10T00:00:00Z',
          rates: [
            { input: '3', cache_read: '0.3', output: '12' },
            { when: { serviceTier: ['batch'] }, input: '1.5', cache_read: '0.15', output: '6' },
          ],
        },
      ],
    },
    {
      model: 'small',
      contextTokens: 200_000,
      maxOutputTokens: 16_000,
      versions: [{ rates: [{ input: '0.25', output: '1' }] }],
    },
    {
      model: 'old',
      status: 'deprecated',
      versions: [
        { rates: [{ input: '1', output: '2' }] },
        { validFrom: '2026-10-01T00:00:00Z', rates: [{ input: '2', output: '4' }] },
      ],
    },
  ],
});

const rivalFile = parsePriceFile({
  provider: 'rival',
  models: [{ model: 'large', versions: [{ rates: [{ input: '2', cache_read: '0.2', output: '10' }] }] }],
});

export const prices: PriceBook = createPricing({ overrides: [houseFile, rivalFile] });

/** The same with a tenth off everything of the house, by contract. */
export const contractPrices: PriceBook = createPricing({
  overrides: [
    parsePriceFile({
      provider: 'house',
      models: [{ model: '*', versions: [{ modifiers: [{ factor: '0.9', stage: 'contract' }] }] }],
    }),
    houseFile,
  ],
});
