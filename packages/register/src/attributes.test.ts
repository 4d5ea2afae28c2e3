import { describe, expect, it } from 'vitest';
import { attributionOf } from './attributes.ts';

describe('attributionOf', () => {
  it('knows dimensions in any spelling and makes tags of all other names', () => {
    expect(
      attributionOf({
        team: 'search',
        customer_id: 'acme',
        'cost-center': 'cc-7',
        userId: 12,
        billing_tier: 'gold',
        compliance_level: undefined,
      }),
    ).toEqual({
      team: 'search',
      customerId: 'acme',
      costCenter: 'cc-7',
      userId: '12',
      tags: { billing_tier: 'gold' },
    });
  });

  it('lets nobody claim a key', () => {
    expect(attributionOf({ key_id: 'k' })).toEqual({ tags: { key_id: 'k' } });
  });

  it('refuses what a ledger could not keep', () => {
    expect(() => attributionOf({ note: 'a\nb' })).toThrow('attribution.tags.note');
  });
});
