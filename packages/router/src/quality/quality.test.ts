import { describe, expect, it } from 'vitest';
import { aiderPolyglot } from './aider-polyglot.ts';
import { createQualityLookup } from './quality.ts';

describe('createQualityLookup', () => {
  it('says what was published, by whom and when, whoever serves the model', () => {
    const lookup = createQualityLookup();
    const published = { value: 0.524, from: 'aider polyglot, 2025-04-14' };
    expect(lookup({ provider: 'openai', model: 'gpt-4.1' })).toEqual(published);
    expect(lookup({ provider: 'openrouter', model: 'openai/gpt-4.1' })).toEqual(published);
  });

  it('knows nothing of a model that nobody measured', () => {
    expect(createQualityLookup()({ provider: 'openai', model: 'gpt-99' })).toBeUndefined();
  });

  it('lets a configuration win: the place itself, then the first pattern that fits, then what is published', () => {
    const lookup = createQualityLookup({ models: { 'azure/gpt-4.1': 0.6, 'gpt-4*': 0.7 } });
    expect(lookup({ provider: 'azure', model: 'gpt-4.1' })?.value).toBe(0.6);
    expect(lookup({ provider: 'openai', model: 'gpt-4.1' })).toEqual({ value: 0.7, from: 'configured' });
    expect(lookup({ provider: 'openai', model: 'gpt-4.1', quality: 0.9 })?.value).toBe(0.9);
    expect(lookup({ provider: 'openai', model: 'o3' })?.value).toBe(0.796);
  });

  it('goes by the configuration alone when it is told to', () => {
    const lookup = createQualityLookup({ published: 'none' });
    expect(lookup({ provider: 'openai', model: 'gpt-4.1' })).toBeUndefined();
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses %s', (value) => {
    expect(() => createQualityLookup({ models: { a: value } })).toThrow('expected a number from 0 to 1');
  });
});

describe('aiderPolyglot', () => {
  it('names every model once, with a share of 225 exercises and a day', () => {
    const names = aiderPolyglot.rows.flatMap(([models]) => models as readonly string[]);
    expect(new Set(names).size).toBe(names.length);
    for (const [, percent, date] of aiderPolyglot.rows) {
      // Published with one decimal: some whole number of exercises lies within it.
      const solved = percent * 2.25;
      expect(Math.abs(solved - Math.round(solved))).toBeLessThan(0.35);
      expect(Date.parse(date)).toBeLessThan(Date.parse('2025-05-01'));
    }
  });
});
