import type { Provider } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { exactText } from '../scripts/import/exact-text.ts';
import { readGenaiPrices, readProvider } from '../scripts/import/genai-prices.ts';
import { importPrices } from '../scripts/import/import-prices.ts';
import type { ImportSource } from '../scripts/import/listing.ts';
import { type Overlay, parseOverlay, readOverlays } from '../scripts/import/overlay.ts';
import { type PiProviderFile, readPiFile } from '../scripts/import/pi-ai.ts';
import type { PriceFile } from '../src/schema.ts';

/** One provider as the first package has it. */
const genai: Provider = {
  id: 'acme',
  name: 'Acme',
  api_pattern: 'https://api.acme.example',
  models: [
    {
      id: 'acme-large',
      match: {
        or: [{ equals: 'acme-large' }, { equals: 'acme-large-2026-01-01' }, { regex: '^acme-large-\\d+$' }],
      },
      context_window: 100_000,
      prices: [
        { prices: { input_mtok: 10, output_mtok: 40, web_searches_kcount: 10 } },
        {
          constraint: { type: 'start_date', start_date: '2026-03-01' },
          prices: {
            input_mtok: { base: 2, tiers: [{ start: 199_999, price: 4 }] } as never,
            output_mtok: { base: 8, tiers: [{ start: 199_999, price: 12 }] } as never,
            cache_read_mtok: 0.2,
            web_searches_kcount: 10,
          },
        },
      ],
    },
    { id: 'acme-small', match: { starts_with: 'acme-small' }, prices: { input_mtok: 0.1, output_mtok: 0.4 } },
    { id: 'acme-speech', match: { equals: 'acme-speech' }, prices: { audio_hours: 0.36 } },
    { id: 'acme-gratis', match: { equals: 'acme-gratis' }, prices: {} },
    {
      id: 'acme-night',
      match: { equals: 'acme-night' },
      prices: [
        { prices: { input_mtok: 1 } },
        {
          constraint: { type: 'time_of_date', start_time: '00:00:00Z', end_time: '08:00:00Z' },
          prices: { input_mtok: 2 },
        },
      ],
    },
  ],
};

/** The same provider as the second, newer package has it. */
function piFile(change: Record<string, object> = {}): PiProviderFile {
  const model = (id: string, cost: object) => ({
    id,
    type: 'chat',
    provider: 'acme',
    cost: { cacheRead: 0, cacheWrite: 0, ...cost },
    contextWindow: 200_000,
    maxTokens: 8000,
    ...change[id],
  });
  const models = [
    model('acme-large', {
      input: 2,
      output: 8,
      cacheRead: 0.2,
      cacheWrite: 2.5,
      tiers: [{ inputTokensAbove: 200_000, input: 4, output: 12, cacheRead: 0, cacheWrite: 0 }],
    }),
    model('acme-small-2026-05-05', { input: 0.1, output: 0.4, cacheRead: 0.01 }),
    model('acme-new', { input: 1, output: 3 }),
    model('acme-zero', { input: 0, output: 0 }),
  ];
  return {
    chat: Object.fromEntries(models.map((each) => [`chat:${each.id}`, each])),
  } as unknown as PiProviderFile;
}

function sourcesOf(pi: PiProviderFile, provider: Provider = genai): readonly ImportSource[] {
  return [
    {
      key: 'older',
      info: { name: 'older', version: '1', retrievedAt: '2026-05-01T00:00:00Z' },
      ...readProvider(provider),
    },
    {
      key: 'newer',
      info: { name: 'newer', version: '2', retrievedAt: '2026-06-01T00:00:00Z' },
      ...readPiFile(pi),
    },
  ];
}

const overlay = (rows: unknown[], more: object = {}): Overlay =>
  parseOverlay(
    {
      provider: 'acme',
      sources: {
        page: {
          name: 'Acme pricing',
          url: 'https://acme.example/pricing',
          retrievedAt: '2026-06-02T00:00:00Z',
        },
      },
      rows,
      ...more,
    },
    'acme.yaml',
  );

function imported(sources = sourcesOf(piFile()), overlays: readonly Overlay[] = []) {
  const files = importPrices(sources, overlays);
  const file = JSON.parse(files.get('acme.json') ?? 'null') as PriceFile;
  return { files, file, model: (name: string) => file.models.find(({ model }) => model === name) };
}

describe('importPrices', () => {
  it('makes the same bytes of the same input, whatever the order of models', () => {
    const once = importPrices(sourcesOf(piFile()), []);
    const again = importPrices(sourcesOf(piFile()), []);
    const reversed = importPrices(sourcesOf(piFile(), { ...genai, models: [...genai.models].reverse() }), []);
    expect([...again]).toEqual([...once]);
    expect(reversed.get('acme.json')).toBe(once.get('acme.json'));
    expect(reversed.get('catalog.json')).toBe(once.get('catalog.json'));
  });

  it('keeps history, tiers and names, and says where sources agree', () => {
    const { model } = imported();
    expect(model('acme-large')).toEqual({
      model: 'acme-large',
      aliases: ['acme-large-2026-01-01'],
      contextTokens: 200_000,
      maxOutputTokens: 8000,
      versions: [
        {
          rates: [{ input: '10', output: '40', web_search: { amount: '10', per: '1000' } }],
          source: 'older',
          confidence: 'single',
        },
        {
          validFrom: '2026-03-01T00:00:00Z',
          rates: [
            {
              input: '2',
              output: '8',
              cache_read: '0.2',
              web_search: { amount: '10', per: '1000' },
              cache_write_5m: '2.5',
            },
            { when: { promptTokens: { min: 200_000, inclusive: true } }, input: '4', output: '12' },
          ],
          source: 'older',
          confidence: 'agreed',
        },
      ],
    });
  });

  it('takes a dated name at the same price for an alias, and fills in its cache price', () => {
    expect(imported().model('acme-small')).toMatchObject({
      aliases: ['acme-small-2026-05-05'],
      versions: [{ rates: [{ input: '0.1', output: '0.4', cache_read: '0.01' }], confidence: 'agreed' }],
    });
  });

  it('takes zero for unknown, and an empty price map for unpriced', () => {
    const { model, files } = imported();
    expect(model('acme-zero')).toBeUndefined();
    expect(model('acme-gratis')).toBeUndefined();
    expect(model('acme-new')?.versions[0]?.rates?.[0]).toEqual({ input: '1', output: '3' });
    expect(files.get('REPORT.md')).toContain(
      'acme/acme-gratis: the price map is empty, which does not mean free',
    );
  });

  it('leaves out prices whose date and time of day the source cannot combine', () => {
    expect(imported().model('acme-night')).toBeUndefined();
  });

  it('never divides a price for an hour', () => {
    expect(imported().model('acme-speech')?.versions[0]?.rates).toEqual([
      { audio_second: { amount: '0.36', per: '3600' } },
    ]);
  });

  it('lets the newer of two prices begin on its own day, and reports both', () => {
    const changed = sourcesOf(
      piFile({
        'acme-small-2026-05-05': {
          id: 'acme-small',
          cost: { input: 0.2, output: 0.8, cacheRead: 0, cacheWrite: 0 },
        },
      }),
    );
    const { model, files } = imported(changed);
    expect(model('acme-small')?.versions).toMatchObject([
      { rates: [{ input: '0.1', output: '0.4' }], source: 'older' },
      { validFrom: '2026-06-01T00:00:00Z', rates: [{ input: '0.2', output: '0.8' }], source: 'newer' },
    ]);
    expect(files.get('REPORT.md')).toContain(
      '| acme | acme-small | input 0.1, output 0.4 | input 0.2, output 0.8 |',
    );
  });

  it.each([
    [
      'more than ten times another source',
      'acme-large',
      { input: 21, output: 8 },
      'more than ten times away',
    ],
    ['more than 1,000 dollars', 'acme-new', { input: 8000, output: 24_000 }, 'input at 8000 per million'],
    ['next to nothing', 'acme-new', { input: 0.000001, output: 3 }, 'input at 0.000001 per million'],
  ])('rejects a price of %s, and reports it', (_, id, cost, why) => {
    const { files, model } = imported(
      sourcesOf(piFile({ [id]: { cost: { cacheRead: 0, cacheWrite: 0, ...cost } } })),
    );
    expect(files.get('REPORT.md')).toContain(why);
    expect(JSON.stringify(model(id) ?? {})).not.toContain(`"${cost.input}"`);
  });

  it('fails on a price key that it does not know', () => {
    const strange = { ...genai, models: [{ id: 'x', match: { equals: 'x' }, prices: { dreams_mtok: 1 } }] };
    expect(() => readProvider(strange)).toThrow('acme/x: the price key "dreams_mtok" is not known here');
  });
});

describe('exactText', () => {
  it.each([
    [0.1, '0.1'],
    [1e-7, '0.0000001'],
    [18.75, '18.75'],
    [0, '0'],
  ])('writes %d as %s', (value, text) => {
    expect(exactText(value, 'x')).toBe(text);
  });

  it.each([[0.1 + 0.2], [Number('2.9999900000000002')], [0.00019199999999999998]])(
    'fails on %d, which arithmetic made',
    (value) => {
      expect(() => exactText(value, 'acme/x.input_mtok')).toThrow(
        /acme\/x.input_mtok: .* only float arithmetic makes/,
      );
    },
  );

  it.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], ['1'], [null], [undefined]])(
    'fails on %s',
    (value) => {
      expect(() => exactText(value, 'x')).toThrow('expected a non-negative number');
    },
  );
});

describe('the overlay', () => {
  const row = { source: 'page', models: ['acme-small'] };

  it('adds to every version in force, and cuts those that are only partly covered', () => {
    const halved = [{ factor: '0.5', stage: 'tier', when: { serviceTier: ['batch'] } }];
    const { model } = imported(sourcesOf(piFile()), [
      overlay([
        { source: 'page', models: ['acme-large'], add: { from: '2026-05-01T00:00:00Z', modifiers: halved } },
      ]),
    ]);
    const versions = model('acme-large')?.versions ?? [];
    expect(
      versions.map(({ validFrom, validTo, modifiers }) => [validFrom, validTo, modifiers?.length]),
    ).toEqual([
      [undefined, undefined, undefined],
      ['2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', undefined],
      ['2026-05-01T00:00:00Z', undefined, 1],
    ]);
    expect(versions[2]?.modifiers?.[0]).toMatchObject({ factor: '0.5', source: 'page' });
  });

  it('wins over every package, takes names from others, and is the source of what it says', () => {
    const { model } = imported(sourcesOf(piFile()), [
      overlay([
        {
          source: 'page',
          models: ['acme-large-2026-01-01'],
          versions: [{ rates: [{ input: '7', output: '9' }] }],
        },
      ]),
    ]);
    expect(model('acme-large-2026-01-01')?.versions).toEqual([
      { rates: [{ input: '7', output: '9' }], source: 'page', confidence: 'single' },
    ]);
    expect(model('acme-large')?.aliases).toBeUndefined();
  });

  it('derives prices exactly, and only where there are none', () => {
    const derive = [{ meter: 'cache_write_1h', from: 'input', factor: '2', where: 'cache_write_5m' }];
    const { model } = imported(sourcesOf(piFile()), [
      overlay([{ source: 'page', models: ['acme-*'], derive }]),
    ]);
    expect(model('acme-large')?.versions[1]?.rates?.[0]?.cache_write_1h).toBe('4');
    expect(model('acme-small')?.versions[0]?.rates?.[0]?.cache_write_1h).toBeUndefined();
  });

  it.each([
    ['a row without a source', [{ models: ['acme-small'], contextTokens: 1 }], /source/],
    ['a row with a source that is not there', [{ ...row, source: 'rumour' }], /names the source "rumour"/],
    [
      'a float',
      [{ ...row, versions: [{ rates: [{ input: 0.15 }] }] }],
      /plain decimal written as text|decimal written as text/,
    ],
    ['an unknown key', [{ ...row, colour: 'red' }], /Unrecognized key/],
    [
      'a source of its own on a version',
      [{ ...row, versions: [{ source: 'page', free: true }] }],
      /Unrecognized key/,
    ],
  ])('fails on %s', (_, rows, message) => {
    expect(() => overlay(rows)).toThrow(message);
  });

  it('fails on shared prices without a source', () => {
    expect(() => overlay([], { rates: [{ web_search: '0.01' }] })).toThrow(/names the source undefined/);
  });

  it.each([
    [
      'about models that nobody lists',
      [{ source: 'page', models: ['nothing-*'], contextTokens: 1 }],
      /which nobody lists/,
    ],
    [
      'about a model without prices',
      [{ source: 'page', models: ['acme-other'], contextTokens: 1 }],
      /without prices/,
    ],
    [
      'that adds to no version',
      [
        {
          source: 'page',
          models: ['acme-late'],
          versions: [{ validFrom: '2026-01-01T00:00:00Z', free: true }],
        },
        { source: 'page', models: ['acme-late'], add: { until: '2020-01-01T00:00:00Z' } },
      ],
      /adds to no version/,
    ],
    [
      'that copies what is not there',
      [{ source: 'page', models: ['acme-small'], copyFrom: 'nobody' }],
      /does not list it/,
    ],
  ])('fails on a row %s', (_, rows, message) => {
    expect(() => imported(sourcesOf(piFile()), [overlay(rows)])).toThrow(message);
  });
});

describe('the pinned sources', () => {
  it('can be read whole, and every row of the overlay has a source and a date', () => {
    const source = readGenaiPrices();
    expect(source.listings.length).toBeGreaterThan(1500);
    expect(new Set(source.listings.map(({ provider }) => provider)).size).toBeGreaterThan(35);

    const overlays = readOverlays(new URL('../scripts/import/overlay/', import.meta.url).pathname);
    expect(overlays.reduce((sum, { rows }) => sum + rows.length, 0)).toBeGreaterThan(150);
    for (const { provider, sources, rows } of overlays) {
      for (const { source: name } of rows) expect(sources[name]?.retrievedAt, provider).toMatch(/^20\d\d-/);
    }
  });

  it('make a catalogue together with the overlay', () => {
    // Without the second package some rows have nothing to add to; what the first one covers is enough here.
    const overlays = readOverlays(new URL('../scripts/import/overlay/', import.meta.url).pathname);
    const own = overlays.filter(({ provider }) =>
      ['deepseek', 'perplexity', 'nebius', 'alibaba', 'cohere'].includes(provider),
    );
    const files = importPrices([readGenaiPrices()], own);
    const deepseek = JSON.parse(files.get('deepseek.json') ?? '') as PriceFile;
    expect(deepseek.models.map(({ model }) => model)).toContain('deepseek-v4-pro');
  });
});
