import { attributionDimensions, hasErrorCode, type Limit } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallDimensions, dimensionOf } from './dimensions.ts';
import { bucketOf, compileLimits, compilePolicy, parsePolicy } from './index.ts';

const call: CallDimensions = {
  provider: 'openai',
  operation: 'chat',
  requestModel: 'gpt-4o-mini',
  attribution: { team: 'search', customerId: 'acme & co', tags: { tier: 'gold' } },
};

function limit(id: string, more: Partial<Limit> = {}): Limit {
  return {
    id,
    unit: 'money',
    amount: '1',
    window: { kind: 'lifetime' },
    scope: {},
    mode: 'enforced',
    ...more,
  };
}

describe('parsePolicy', () => {
  const inRule = (name: string) => ({ rules: [{ id: 'r', effect: 'deny', when: { [name]: 'x' } }] });
  const inLimit = (scope: object) => ({ limits: [{ id: 'l', amount: 1, window: 'day', scope }] });

  it.each([
    'provider',
    'model',
    'operation',
    'region',
    'route',
    'keyId',
    'workflow',
    'tags.plan',
    'tags.who.ever',
  ])('takes the dimension %s in rules and scopes', (name) => {
    expect(parsePolicy(inRule(name)).rules[0]?.when).toEqual({ [name]: ['x'] });
    expect(parsePolicy(inLimit({ match: { [name]: 'x' }, per: [name] })).limits[0]?.scope.per).toEqual([
      name,
    ]);
  });

  it.each([
    ['teem', 'team'],
    ['customer_id', 'customerId'],
    ['CostCentre', 'costCenter'],
    ['requestModel', 'model'],
    ['attribution.team', 'team'],
    ['attribution.plan', 'tags.plan'],
    ['tag.plan', 'tags.plan'],
    ['enviroment', 'environment'],
  ])('refuses the dimension %s, by name, and suggests %s', (name, suggestion) => {
    const expected = `no call has the dimension "${name}": did you mean "${suggestion}"?`;
    const unless = { rules: [{ id: 'r', effect: 'warn', unless: { [name]: 'x' } }] };
    for (const policy of [
      inRule(name),
      unless,
      inLimit({ match: { [name]: 'x' } }),
      inLimit({ per: [name] }),
    ]) {
      expect(() => parsePolicy(policy)).toThrow(expected);
    }
    expect(() => parsePolicy(inRule(name))).toThrow(/^rules\[0\]\.when/);
  });

  it.each(['tags', 'tags.'])('refuses %s, which names no tag', (name) => {
    expect(() => parsePolicy(inRule(name))).toThrow('or tags.<name>');
  });

  it('takes exactly the dimensions that a call can have a value in', () => {
    const full: CallDimensions = {
      ...call,
      region: 'eu',
      route: 'r',
      attribution: { ...Object.fromEntries(attributionDimensions.map((name) => [name, name])) },
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...attributionDimensions, 'region', 'teams', 'id', 'constructor'),
        (name) => {
          const isKnown = dimensionOf(full, name) !== undefined;
          if (isKnown) expect(parsePolicy(inRule(name)).rules).toHaveLength(1);
          else expect(() => parsePolicy(inRule(name))).toThrow('no call has the dimension');
        },
      ),
    );
  });

  it('reads the short forms people write', () => {
    const policy = parsePolicy({
      limits: [{ id: 'search-monthly', amount: 250, window: 'month', scope: { match: { team: 'search' } } }],
    });
    expect(policy).toEqual({
      limits: [
        {
          id: 'search-monthly',
          unit: 'money',
          amount: '250',
          window: { kind: 'calendar', period: 'month' },
          scope: { match: { team: ['search'] } },
          mode: 'enforced',
        },
      ],
      rules: [],
      onUnpriced: 'block',
    });
  });

  it.each([
    ['an unknown key', { limits: [{ id: 'a', amount: '1', window: 'month', amout: 2 }] }, 'limits[0]'],
    ['a negative amount', { limits: [{ id: 'a', amount: '-1', window: 'month' }] }, 'limits[0].amount'],
    [
      'an amount with an exponent',
      { limits: [{ id: 'a', amount: 1e30, window: 'month' }] },
      'limits[0].amount',
    ],
    ['an unknown window', { limits: [{ id: 'a', amount: '1', window: 'fortnight' }] }, 'limits[0].window'],
    [
      'an unknown time zone',
      {
        limits: [{ id: 'a', amount: '1', window: { kind: 'calendar', period: 'day', timeZone: 'Mars/One' } }],
      },
      'limits[0].window.timeZone',
    ],
    [
      'the same id twice',
      {
        limits: [
          { id: 'a', amount: '1', window: 'month' },
          { id: 'a', amount: '2', window: 'day' },
        ],
      },
      'limits[1].id',
    ],
    [
      'half a token',
      { limits: [{ id: 'a', unit: 'tokens', amount: '0.5', window: 'day' }] },
      'limits[0].amount',
    ],
    [
      'an overdraft nobody asked for',
      { limits: [{ id: 'a', amount: '1', window: 'day', overdraft: '1' }] },
      'limits[0].overdraft',
    ],
    ['a mode that does not exist', { rules: [{ id: 'r', effect: 'deny', mode: 'soft' }] }, 'rules[0].mode'],
  ])('refuses %s and says where', (_what, input, path) => {
    const attempt = (): unknown => parsePolicy(input);
    expect(attempt).toThrow();
    try {
      attempt();
    } catch (error) {
      expect(hasErrorCode(error, 'invalid_configuration') && error.message).toContain(path);
    }
  });
});

describe('compileLimits', () => {
  it('finds every limit whose scope matches, in the order written', () => {
    const find = compileLimits([
      limit('all'),
      limit('team', { scope: { match: { team: ['search', 'ads'] } } }),
      limit('other-team', { scope: { match: { team: ['ads'] } } }),
      limit('model', { scope: { match: { model: ['gpt-4o-mini'], provider: ['openai'] } } }),
      limit('tag', { scope: { match: { 'tags.tier': ['gold'] } } }),
      limit('last'),
    ]);
    expect(find(call).map((found) => found.limit.id)).toEqual(['all', 'team', 'model', 'tag', 'last']);
  });

  it('agrees with asking every limit in turn', () => {
    const value = fc.constantFrom('a', 'b', 'c');
    const dimension = fc.constantFrom('team', 'project', 'tags.x', 'provider', 'model');
    const match = fc.dictionary(dimension, fc.array(value, { minLength: 1, maxLength: 2 }), { maxKeys: 3 });
    fc.assert(
      fc.property(
        fc.array(match, { maxLength: 12 }),
        fc.array(value, { minLength: 5, maxLength: 5 }),
        (scopes, v) => {
          const limits = scopes.map((scope, index) => limit(`l${index}`, { scope: { match: scope } }));
          const [team, project, x, provider, requestModel] = v as [string, string, string, string, string];
          const asked: CallDimensions = {
            provider,
            requestModel,
            operation: 'chat',
            attribution: { team, project, tags: { x } },
          };
          const values: Record<string, string> = {
            team,
            project,
            'tags.x': x,
            provider,
            model: requestModel,
          };
          const expected = limits.filter((one) =>
            Object.entries(one.scope.match ?? {}).every(([name, any]) => any.includes(values[name] ?? '')),
          );
          expect(compileLimits(limits)(asked).map((found) => found.limit)).toEqual(expected);
        },
      ),
    );
  });
});

describe('bucketOf', () => {
  it('gives each value its own counter, escaped', () => {
    expect(bucketOf(limit('c', { scope: { per: ['customerId', 'model'] } }), call)).toBe(
      'customerId=acme%20%26%20co&model=gpt-4o-mini',
    );
  });

  it('does not let a call escape by leaving the dimension out', () => {
    expect(bucketOf(limit('c', { scope: { per: ['userId'] } }), call)).toBe('userId');
  });

  it('counts a session window by session', () => {
    const session = { ...call, attribution: { sessionId: 's1' } };
    expect(bucketOf(limit('s', { window: { kind: 'session' } }), session)).toBe('sessionId=s1');
  });
});

describe('compilePolicy', () => {
  const decide = (rules: unknown[]) => compilePolicy(parsePolicy({ rules })).decide(call);

  it('allows what no rule speaks of', () => {
    expect(decide([{ id: 'r', effect: 'deny', when: { team: 'ads' } }]).verdict).toBe('allowed');
  });

  it('lets a denial win over a warning', () => {
    const ruling = decide([
      { id: 'w', effect: 'warn', when: { model: 'gpt-*' } },
      { id: 'd', effect: 'deny', when: { model: '*mini' }, message: 'Use the large one' },
    ]);
    expect(ruling).toMatchObject({
      verdict: 'blocked',
      reasonCode: 'POLICY_DENY_MODEL',
      message: 'Use the large one',
      rules: ['w', 'd'],
    });
  });

  it('honours exceptions', () => {
    const rule = { id: 'allow-list', effect: 'deny', unless: { model: ['gpt-4o*', 'o3'] } };
    expect(decide([rule]).verdict).toBe('allowed');
    expect(decide([{ ...rule, unless: { model: 'claude-*' } }]).verdict).toBe('blocked');
  });

  it('only notes what a rule in shadow would have done', () => {
    const ruling = decide([{ id: 'd', effect: 'deny', mode: 'shadow' }]);
    expect(ruling.verdict).toBe('allowed');
    expect(ruling.wouldHave).toEqual([{ id: 'd', verdict: 'blocked', reasonCode: 'POLICY_DENY_MODEL' }]);
  });

  it('matches patterns as a regular expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, model) => {
        fc.pre(pattern.length > 0 && model.length > 0);
        const compiled = compilePolicy(
          parsePolicy({ rules: [{ id: 'r', effect: 'deny', when: { model: pattern } }] }),
        );
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(model);
        expect(compiled.decide({ ...call, requestModel: model }).verdict).toBe(
          expected ? 'blocked' : 'allowed',
        );
      }),
    );
  });

  it('blocks an unpriced model only under an enforced money limit', () => {
    const blocking = compilePolicy(parsePolicy({}));
    const enforced = [{ limit: limit('m'), bucket: '' }];
    const advisory = [{ limit: limit('m', { mode: 'advisory' }), bucket: '' }];
    expect(blocking.decideUnpriced('unknown_model', 'x', enforced)).toMatchObject({
      verdict: 'blocked',
      reasonCode: 'x_unpriced_model',
    });
    expect(blocking.decideUnpriced('unknown_model', 'x', advisory).verdict).toBe('allowed');
    const allowing = compilePolicy(parsePolicy({ onUnpriced: 'allow' }));
    expect(allowing.decideUnpriced('unknown_model', 'x', enforced).verdict).toBe('allowed');
  });
});
