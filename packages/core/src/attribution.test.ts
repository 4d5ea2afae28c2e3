import { describe, expect, it } from 'vitest';
import {
  attributeOf,
  checkAttribution,
  currentAttribution,
  mergeAttribution,
  withAttribution,
} from './attribution.ts';

describe('withAttribution', () => {
  it('is in force inside, also after an await, and nowhere else', async () => {
    const seen = await withAttribution({ team: 'search' }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return withAttribution({ feature: 'rank' }, () => currentAttribution());
    });
    expect(seen).toEqual({ team: 'search', feature: 'rank' });
    expect(currentAttribution()).toEqual({});
  });

  it('keeps calls that run at once apart', async () => {
    const teams = await Promise.all(
      ['a', 'b', 'c'].map((team) =>
        withAttribution({ team }, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return currentAttribution().team;
        }),
      ),
    );
    expect(teams).toEqual(['a', 'b', 'c']);
  });
});

describe('mergeAttribution', () => {
  it('lets the later layer win and merges tags by name', () => {
    expect(
      mergeAttribution({ team: 'a', tags: { x: '1', y: '1' } }, { team: 'b', tags: { y: '2' } }),
    ).toEqual({
      team: 'b',
      tags: { x: '1', y: '2' },
    });
  });
});

describe('checkAttribution', () => {
  it.each([
    [{ team: '' }, 'attribution.team'],
    [{ team: 7 as unknown as string }, 'attribution.team'],
    [{ customerId: 'a\nb' }, 'attribution.customerId'],
    [{ feature: 'x'.repeat(257) }, 'attribution.feature'],
    [{ experiment_id: '7' } as object, 'attribution.experiment_id: expected a dimension; .* `tags`'],
    [{ tags: { a: '\u0000' } }, 'attribution.tags.a'],
    [
      { tags: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`t${index}`, 'x'])) },
      'attribution.tags',
    ],
  ])('refuses %j', (attribution, path) => {
    expect(() => checkAttribution(attribution)).toThrow(new RegExp(path));
    expect(() => withAttribution(attribution, () => {})).toThrow(new RegExp(path));
  });

  it('takes what is not said for what is not there', () => {
    expect(() => checkAttribution({ experiment_id: undefined, team: 'a' } as object)).not.toThrow();
  });
});

describe('attributeOf', () => {
  it('finds named dimensions and tags, and nothing that is inherited', () => {
    const attribution = { team: 'a', tags: { plan: 'gold' } };
    expect(attributeOf(attribution, 'team')).toBe('a');
    expect(attributeOf(attribution, 'tags.plan')).toBe('gold');
    expect(attributeOf(attribution, 'tags.constructor')).toBeUndefined();
    expect(attributeOf(attribution, 'constructor')).toBeUndefined();
  });
});
