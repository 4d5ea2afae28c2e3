import { readdirSync, readFileSync } from 'node:fs';
import { amountOf, hasErrorCode } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { bundledCatalog } from './bundled.ts';
import { createCatalog, hashOf } from './catalog.ts';
import { diffCatalogs, findStalePrices } from './catalog-diff.ts';
import { createPricing } from './create-pricing.ts';
import { parsePriceFile } from './parse-price-file.ts';
import type { PriceFile } from './schema.ts';

const folder = new URL('../data/', import.meta.url);
const texts = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json') && name !== 'catalog.json')
    .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]),
);
const catalog = bundledCatalog();
const files = [...texts.values()].map((text) => JSON.parse(text) as PriceFile);

describe('the bundled catalogue', () => {
  it('has at least 60 providers and 2,500 models of providers', () => {
    expect(catalog.providers.length).toBeGreaterThanOrEqual(60);
    expect(files.reduce((sum, { models }) => sum + models.length, 0)).toBeGreaterThanOrEqual(2500);
    expect(catalog.providers).toEqual(files.map(({ provider }) => provider).sort());
  });

  it.each([...texts])('keeps to the schema in %s, with a source for every price', (name, text) => {
    const file = parsePriceFile(JSON.parse(text), name);
    for (const { versions } of file.models) {
      for (const version of versions) expect(Object.keys(file.sources ?? {})).toContain(version.source);
    }
    for (const shared of [...(file.rates ?? []), ...(file.modifiers ?? [])]) {
      expect(Object.keys(file.sources ?? {})).toContain(shared.source);
    }
    for (const { retrievedAt } of Object.values(file.sources ?? {}))
      expect(Date.parse(retrievedAt)).not.toBeNaN();
  });

  it('is named by its content', () => {
    const contents = JSON.parse(readFileSync(new URL('catalog.json', folder), 'utf8')) as {
      hash: string;
      providers: { provider: string; hash: string }[];
    };
    for (const { provider, hash } of contents.providers)
      expect(hash).toBe(hashOf(texts.get(`${provider}.json`) ?? ''));
    expect(contents.hash).toBe(
      hashOf(contents.providers.map(({ provider, hash }) => `${provider} ${hash}\n`).join('')),
    );
  });

  it('names no model twice and lets no two models share an alias', () => {
    for (const { provider, models } of files) {
      const names = models.flatMap(({ model, aliases = [] }) => [model, ...aliases]);
      const twice = names.filter((name, index) => names.indexOf(name) !== index);
      expect(twice, provider).toEqual([]);
    }
  });

  it('reads the file of a provider only when somebody asks for it', () => {
    const read: string[] = [];
    const opened = bundledCatalog();
    const pricing = createPricing({
      catalog: {
        ...opened,
        provider(id) {
          read.push(id);
          return opened.provider(id);
        },
      },
    });
    pricing.price({ provider: 'groq', model: 'openai/gpt-oss-20b', at: '2026-11-01T00:00:00Z', usage: {} });
    expect(new Set(read)).toEqual(new Set(['groq']));
  });
});

describe('errors that other price lists have had', () => {
  const prices = createPricing();
  const unit = (
    provider: string,
    model: string,
    at: string,
    meter: 'input' | 'output' | 'cache_read' | 'cache_write_1h',
  ) => prices.model(provider, model, at)?.prices[meter]?.unitPrice;
  const summer = '2026-08-10T02:30:00Z';

  it.each([
    ['a time of day before its date', 'deepseek', 'deepseek-v4-pro', summer, 'input', '0.435'],
    ['a moving name with one price for ever', 'mistral', 'mistral-large-latest', summer, 'input', '0.5'],
    ['the same name a year before', 'mistral', 'mistral-large-latest', '2025-06-01T00:00:00Z', 'input', '2'],
    ['a rounded cache price', 'azure', 'o4-mini', summer, 'cache_read', '0.275'],
    ['an increase that was called off', 'anthropic', 'claude-sonnet-5', '2026-10-01T00:00:00Z', 'input', '2'],
    ['one dated model priced as another', 'openai', 'gpt-4o-2024-05-13', summer, 'input', '5'],
    ['a price ten times too high', 'anthropic', 'claude-instant-1', summer, 'output', '5.51'],
    ['a cache write twelve times too dear', 'anthropic', 'claude-3-haiku', summer, 'cache_write_1h', '0.5'],
    [
      'the global price for a regional profile',
      'aws-bedrock',
      'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      summer,
      'input',
      '3.3',
    ],
    ['a price cut that was missed', 'openai', 'o3', '2025-06-10T00:00:00Z', 'input', '2'],
  ] as const)('%s: %s %s', (_, provider, model, at, meter, expected) => {
    expect(unit(provider, model, at, meter)).toBe(expected);
  });

  it.each([
    ['gpt-5.5', 'promptTokens'],
    ['gpt-5.4', 'promptTokens'],
  ])('the long-context price of %s', (model, condition) => {
    const entry = catalog.provider('openai')?.find(model);
    expect(JSON.stringify(entry?.versions)).toContain(condition);
  });

  it('cached tokens that cost nothing because nobody knew their price', () => {
    const usage = { inputTokens: 1_000_000, cacheReadInputTokens: 1_000_000 };
    for (const { provider, models } of files) {
      for (const { model, versions } of models) {
        if (versions.some(({ free }) => free)) continue;
        const cost = prices.price({ provider, model, at: '2026-11-15T12:00:00Z', usage });
        if (cost.result === 'unpriced') continue;
        const input = prices.price({
          provider,
          model,
          at: '2026-11-15T12:00:00Z',
          usage: { inputTokens: 1_000_000 },
        });
        if (input.result === 'unpriced' || amountOf(input.total) === '0') continue;
        expect(amountOf(cost.total), `${provider}/${model}`).not.toBe('0');
      }
    }
  });
});

describe('parsePriceFile', () => {
  const version = { rates: [{ input: '1' }] };
  const file = (change: object) => ({
    provider: 'x',
    models: [{ model: 'm', versions: [version], ...change }],
  });

  it.each([
    [
      'a float',
      file({ versions: [{ rates: [{ input: 0.15 }] }] }),
      'prices.models[0].versions[0].rates[0].input',
    ],
    [
      'an exponent',
      file({ versions: [{ rates: [{ input: '1e-6' }] }] }),
      'prices.models[0].versions[0].rates[0].input',
    ],
    [
      'a negative price',
      file({ versions: [{ rates: [{ input: '-1' }] }] }),
      'prices.models[0].versions[0].rates[0].input',
    ],
    [
      'a meter nobody knows',
      file({ versions: [{ rates: [{ inputs: '1' }] }] }),
      'prices.models[0].versions[0].rates[0]',
    ],
    [
      'a date in place of an instant',
      file({ versions: [{ validFrom: '2026-01-01', ...version }] }),
      'prices.models[0].versions[0].validFrom',
    ],
    [
      'an end before its beginning',
      file({
        versions: [{ validFrom: '2026-02-01T00:00:00Z', validTo: '2026-01-01T00:00:00Z', ...version }],
      }),
      'prices.models[0].versions[0]',
    ],
    ['a version that says nothing', file({ versions: [{}] }), 'prices.models[0].versions[0]'],
    [
      'both free and priced',
      file({ versions: [{ free: true, ...version }] }),
      'prices.models[0].versions[0]',
    ],
    [
      'a source that is not there',
      file({ versions: [{ source: 'rumour', ...version }] }),
      'prices.models[0].versions[0].source',
    ],
    ['no versions', file({ versions: [] }), 'prices.models[0].versions'],
    [
      'a time zone that is none',
      file({ versions: [{ rates: [{ when: { time: { timeZone: 'Mars/Base' } }, input: '1' }] }] }),
      'prices.models[0].versions[0].rates[0].when.time.timeZone',
    ],
    [
      'a calendar that is not there',
      file({
        versions: [
          { rates: [{ when: { time: { timeZone: 'UTC', excludedCalendar: 'holidays' } }, input: '1' }] },
        ],
      }),
      'prices.models[0].versions[0].when.time.excludedCalendar',
    ],
    ['a key nobody knows', { ...file({}), colour: 'red' }, 'prices'],
    ['a provider in capitals', { ...file({}), provider: 'OpenAI' }, 'prices.provider'],
    ['nothing at all', null, 'prices'],
    ['a list', [], 'prices'],
  ])('refuses %s, naming where it stands', (_, data, path) => {
    try {
      parsePriceFile(data);
      expect.unreachable();
    } catch (error) {
      expect(hasErrorCode(error, 'invalid_configuration') && error.path).toBe(path);
      expect(hasErrorCode(error, 'invalid_configuration') && error.expectation.length).toBeGreaterThan(10);
    }
  });

  it('keeps what it was given apart from what it gives back', () => {
    const data = file({});
    const parsed = parsePriceFile(data);
    data.models[0]?.versions.pop();
    expect(parsed.models[0]?.versions).toHaveLength(1);
  });
});

describe('createCatalog', () => {
  it('refuses two files about one provider', () => {
    const file = parsePriceFile({ provider: 'x', models: [] });
    expect(() => createCatalog([file, file])).toThrow(/one file for each provider/);
  });
});

const source = (retrievedAt: string) => ({ s: { name: 's', retrievedAt } });

describe('diffCatalogs', () => {
  const of = (models: unknown[]) => createCatalog([parsePriceFile({ provider: 'x', models })]);
  const model = (name: string, rates: unknown, more: object = {}) => ({
    model: name,
    versions: [{ rates, ...more }],
  });

  it('names what came, what went, and what costs something else', () => {
    const before = of([model('a', [{ input: '1', output: '2' }]), model('b', [{ input: '1' }])]);
    const after = of([
      model('a', [
        { input: '1', output: '3' },
        { when: { serviceTier: ['batch'] }, output: '1.5' },
      ]),
      model('c', [{ audio_second: { amount: '0.36', per: '3600' } }]),
    ]);
    expect(diffCatalogs(before, after)).toEqual([
      { change: 'repriced', provider: 'x', model: 'a', price: 'output', before: '2', after: '3' },
      {
        change: 'repriced',
        provider: 'x',
        model: 'a',
        price: 'output when {"serviceTier":["batch"]}',
        after: '1.5',
      },
      { change: 'removed', provider: 'x', model: 'b' },
      { change: 'added', provider: 'x', model: 'c' },
    ]);
    expect(diffCatalogs(after, after)).toEqual([]);
  });
});

describe('findStalePrices', () => {
  it('finds prices in force that nobody has looked at for long, the oldest first', () => {
    const files = ['2026-01-01T00:00:00Z', '2026-10-01T00:00:00Z', '2026-06-01T00:00:00Z'].map(
      (retrievedAt, index) =>
        parsePriceFile({
          provider: `p${index}`,
          sources: source(retrievedAt),
          models: [{ model: 'm', versions: [{ source: 's', rates: [{ input: '1' }] }] }],
        }),
    );
    const stale = findStalePrices(createCatalog(files), { at: '2026-11-01T00:00:00Z', maxAgeDays: 60 });
    expect(stale.map(({ provider, ageDays }) => [provider, ageDays])).toEqual([
      ['p0', 304],
      ['p2', 153],
    ]);
  });

  it('gives the age of a price with every cost', () => {
    const file = parsePriceFile({
      provider: 'p',
      sources: source('2026-10-01T12:00:00Z'),
      models: [
        {
          model: 'm',
          versions: [{ source: 's', validFrom: '2026-09-01T00:00:00Z', rates: [{ input: '1' }] }],
        },
      ],
    });
    const pricing = createPricing({ catalog: createCatalog([file]) });
    const cost = pricing.price({
      provider: 'p',
      model: 'm',
      at: '2026-11-01T11:59:59Z',
      usage: { inputTokens: 1 },
    });
    expect(cost).toMatchObject({
      price: { id: 'p/m@2026-09-01T00:00:00Z', retrievedAt: '2026-10-01T12:00:00Z', ageDays: 30 },
    });
  });
});
