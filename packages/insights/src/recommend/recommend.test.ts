import {
  amountOf,
  Decimal,
  freeCost,
  type LedgerEntry,
  type LimitState,
  money,
  type Usage,
} from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { beforeAll, describe, expect, it } from 'vitest';
import { prices } from '../../test/prices.ts';
import { sampleEntry } from '../../test/sample-entry.ts';
import { trafficFrom, trafficUntil } from '../../test/traffic.ts';
import { useTrafficLedger } from '../../test/traffic-ledger.ts';
import { type Recommendations, type RecommendOptions, recommend } from './recommend.ts';

const traffic = useTrafficLedger();
let found: Recommendations;
beforeAll(async () => {
  found = await recommend(traffic.ledger, { prices, from: trafficFrom, until: trafficUntil });
});

const of = (type: string, all: Recommendations = found) =>
  all.recommendations.filter(({ optimizationType }) => optimizationType === type);

/** The difference of two places over all calls that match, priced here once more. */
function difference(
  matches: (entry: LedgerEntry) => boolean,
  change: (entry: LedgerEntry) => { provider: string; model: string; serviceTier?: string },
): string {
  let total = new Decimal('0');
  for (const entry of traffic.entries) {
    if (entry.kind !== 'settled' || !entry.usage?.inputTokens || !matches(entry)) continue;
    const question = { at: entry.at, usage: entry.usage };
    const here = prices.price({ ...question, provider: entry.provider, model: entry.requestModel });
    const there = prices.price({ ...question, ...change(entry) });
    if (here.result !== 'priced' || there.result !== 'priced') throw new Error('expected prices');
    total = total.plus(here.total.amount).minus(there.total.amount);
  }
  return total.toFixed();
}

describe('recommend', () => {
  it('has the fields that the seed names, and says where every saving comes from', () => {
    expect(found.recommendations.length).toBeGreaterThan(5);
    for (const one of found.recommendations) {
      expect(one).toMatchObject({
        title: expect.any(String),
        potentialSavings: { currency: 'USD' },
        effortLevel: expect.stringMatching(/^(low|medium|high)$/),
        optimizationType: expect.any(String),
      });
      expect(one.priorityScore).toBeGreaterThanOrEqual(0);
      expect(one.priorityScore).toBeLessThanOrEqual(100);
      expect(one.confidence).toBeGreaterThan(0);
      expect(one.confidence).toBeLessThanOrEqual(1);
      expect(one.sampleSize).toBeGreaterThan(0);
      expect(one.assumption).not.toBe('');
      expect(one.derivation).toContain(one.evidence[0]?.because);
    }
    const scores = found.recommendations.map(({ priorityScore }) => priorityScore);
    expect(scores).toEqual([...scores].sort((left, right) => right - left));
  });

  it('replays real calls, at the price of their day, where the same work is done cheaper', () => {
    const isRerank = (entry: LedgerEntry): boolean =>
      entry.attribution.feature === 'rerank' && entry.requestModel === 'large';
    const [routing] = of('routing').filter(({ subject }) => subject['team'] === 'search');
    expect(routing).toMatchObject({
      title: 'Have search, ranking, rerank done by house/small instead of house/large',
      effortLevel: 'medium',
      sampleSize: traffic.entries.filter((entry) => isRerank(entry) && entry.usage?.inputTokens).length,
    });
    expect(routing && amountOf(routing.potentialSavings)).toBe(
      difference(isRerank, () => ({ provider: 'house', model: 'small' })),
    );
  });

  it('finds what batches would save, to the last digit', () => {
    const isRerank = (entry: LedgerEntry): boolean =>
      entry.attribution.feature === 'rerank' && entry.requestModel === 'large';
    const [batch] = of('batch');
    expect(batch?.subject).toMatchObject({ feature: 'rerank', place: 'house/large' });
    expect(batch && amountOf(batch.potentialSavings)).toBe(
      difference(isRerank, (entry) => ({
        provider: entry.provider,
        model: entry.requestModel,
        serviceTier: 'batch',
      })),
    );
    expect(batch?.derivation).toMatch(/0\.50: nobody said whether these calls can wait/);
  });

  it('believes more in batches when somebody says what can wait', async () => {
    const declared = await recommend(traffic.ledger, {
      prices,
      from: trafficFrom,
      until: trafficUntil,
      deferrable: ({ attribution }) => attribution.feature === 'rerank',
    });
    expect(of('batch', declared)[0]?.confidence).toBeCloseTo(2 * (of('batch')[0]?.confidence ?? 0), 10);
  });

  it('finds conversations that send their past again, and prices them with a cache', () => {
    const [caching] = of('prompt_caching');
    expect(caching?.subject).toMatchObject({ feature: 'chat', place: 'house/large' });
    // 180 conversations of five turns: four of each five repeat the turn before.
    expect(caching?.derivation).toMatch(/720 of 720 later turns/);
    expect(caching?.sampleSize).toBe(900);
    let repeated = new Decimal('0');
    const last = new Map<string, Usage>();
    for (const { attribution, usage = {}, at } of traffic.entries) {
      if (attribution.sessionId === undefined) continue;
      const before = last.get(attribution.sessionId)?.inputTokens ?? 0;
      last.set(attribution.sessionId, usage);
      // A token costs 4 or 3 per million plain, and a tenth of that from the cache.
      const saved = at < '2026-08-10' ? '0.0000036' : '0.0000027';
      repeated = repeated.plus(new Decimal(saved).times(String(before)));
    }
    expect(caching && amountOf(caching.potentialSavings)).toBe(repeated.toFixed());
  });

  it('finds answers far above the usual, and what their tails cost', () => {
    const ads = of('output_cap').find(({ subject }) => subject['team'] === 'ads');
    const lengths = traffic.entries
      .filter(({ attribution, usage }) => attribution.team === 'ads' && usage?.outputTokens)
      .map(({ usage }) => usage?.outputTokens ?? 0)
      .sort((left, right) => left - right);
    const cap = lengths[Math.ceil(0.95 * lengths.length) - 1] ?? 0;
    const beyond = lengths.reduce((sum, length) => sum + Math.max(0, length - cap), 0);
    expect(ads?.subject['maxOutputTokens']).toBe(String(cap));
    expect(ads && amountOf(ads.potentialSavings)).toBe(
      new Decimal('0.00001').times(String(beyond)).toFixed(),
    );
    expect(ads?.against[0]).toMatch(/answers were longer/);
  });

  it('finds calls that reason more than the usual one', () => {
    const thoughts = traffic.entries
      .flatMap(({ usage }) => usage?.reasoningOutputTokens ?? [])
      .sort((left, right) => left - right);
    const usual = thoughts[Math.ceil(0.5 * thoughts.length) - 1] ?? 0;
    const beyond = thoughts.reduce((sum, tokens) => sum + Math.max(0, tokens - usual), 0);
    const [reasoning] = of('reasoning');
    expect(reasoning?.subject).toMatchObject({
      place: 'anthropic/claude-sonnet-4-5',
      usualReasoningTokens: String(usual),
    });
    // 15 dollars per million tokens.
    expect(reasoning && amountOf(reasoning.potentialSavings)).toBe(
      new Decimal('0.000015').times(String(beyond)).toFixed(),
    );
  });

  it('names models that go away, and prices that rise', () => {
    expect(of('retirement')[0]?.title).toBe('Replace house/old: it is deprecated');
    const [rise] = of('price_change');
    expect(rise?.title).toBe('Prices of house/old rise by 2026-12-03');
    expect(rise && amountOf(rise.potentialSavings)).toBe('0');
    // Twice the price: what is at stake is what was spent, which is known to the last digit.
    const spent = traffic.entries
      .filter(({ requestModel, cost }) => requestModel === 'old' && cost.result === 'priced')
      .reduce(
        (sum, { cost }) => (cost.result === 'priced' ? sum.plus(cost.total.amount) : sum),
        new Decimal('0'),
      );
    expect(rise?.stake && amountOf(rise.stake)).toBe(spent.toFixed());
  });

  it('counts what it could not replay', () => {
    const { not_a_call: none, no_usage: empty } = found.notReplayed;
    expect(none + empty + found.calls).toBe(traffic.entries.length);
    expect(none).toBe(traffic.entries.filter(({ kind }) => kind !== 'settled').length);
  });
});

const day = { from: '2026-08-01T00:00:00.000Z', until: '2026-09-01T00:00:00.000Z' };

async function recommendFor(
  entries: readonly LedgerEntry[],
  options: Partial<RecommendOptions> = {},
): Promise<Recommendations> {
  const ledger = createMemoryLedger({ now: () => new Date(day.until) });
  for (const entry of entries) await ledger.record(entry);
  return recommend(ledger, { prices, ...day, ...options });
}

function calls(
  count: number,
  name: string,
  changes: (index: number) => Partial<LedgerEntry> & { provider: string; requestModel: string },
): LedgerEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const changed = changes(index);
    const usage = changed.usage ?? { inputTokens: 1000, outputTokens: 100 };
    const at = changed.at ?? `2026-08-${String(11 + (index % 15)).padStart(2, '0')}T12:00:00.000Z`;
    const cost = prices.price({ provider: changed.provider, model: changed.requestModel, at, usage });
    return sampleEntry(`${name}-${index}`, { at, endedAt: at, usage, cost, ...changed });
  });
}

describe('recommend, of places', () => {
  const large = (index: number) => ({
    provider: 'house',
    requestModel: 'large',
    outcome: index === 0 ? ('failed' as const) : ('completed' as const),
  });

  it('believes little in a place where calls fail more often', async () => {
    const place = { provider: 'house', requestModel: 'small' };
    const good = await recommendFor([...calls(300, 'l', large), ...calls(300, 's', () => place)]);
    const bad = await recommendFor([
      ...calls(300, 'l', large),
      ...calls(300, 's', (index) => ({ ...place, outcome: index % 5 === 0 ? 'failed' : 'completed' })),
    ]);
    const [believed, doubted] = [good, bad].map((all) => of('routing', all)[0]);
    expect(believed && amountOf(believed.potentialSavings)).toBe(
      doubted && amountOf(doubted.potentialSavings),
    );
    expect(believed?.confidence).toBeGreaterThan(0.7);
    expect(doubted?.confidence ?? 0).toBeLessThan(0.001);
    expect(believed?.against).toContain('that a call ended well does not say that its answer was good');
  });

  it('finds the same model at another provider in use', async () => {
    const all = await recommendFor([
      ...calls(50, 'l', large),
      ...calls(50, 'x', () => ({ provider: 'rival', requestModel: 'large', attribution: { team: 'other' } })),
    ]);
    expect(of('routing', all)[0]).toMatchObject({
      title: 'Have search done by rival/large instead of house/large',
      effortLevel: 'low',
      against: ['none of this work was done by rival/large in this time'],
    });
  });

  it('takes the candidates that somebody names, and leaves what is too long for them', async () => {
    const all = await recommendFor(
      calls(20, 'l', (index) => ({
        ...large(1),
        usage: { inputTokens: index === 3 ? 250_000 : 1000, outputTokens: 100 },
      })),
      { candidates: [{ provider: 'house', model: 'small' }] },
    );
    const [routing] = of('routing', all);
    expect(routing?.sampleSize).toBe(19);
    expect(routing?.against).toContain('1 calls are too long for it and stay where they are');
  });

  it('says nothing of places that cost more', async () => {
    const all = await recommendFor(
      calls(20, 's', () => ({ provider: 'house', requestModel: 'small' })),
      { candidates: [{ provider: 'house', model: 'large' }] },
    );
    expect(of('routing', all)).toEqual([]);
  });

  it('believes less where calls were charged by other prices than the list’s', async () => {
    const contract = calls(60, 'l', large).map((entry) => ({
      ...entry,
      cost: { ...freeCost(money('0.001')), total: money('0.001') },
    }));
    const all = await recommendFor(contract, { candidates: [{ provider: 'house', model: 'small' }] });
    expect(of('routing', all)).toEqual([
      expect.objectContaining({
        confidence: 0,
        derivation: expect.stringMatching(/0 of 60 calls cost what/),
      }),
    ]);
  });
});

describe('recommend, of repeated calls', () => {
  const asked = (index: number, hash: string, team = 'search') => ({
    provider: 'house',
    requestModel: 'large',
    at: `2026-08-20T${String(10 + index).padStart(2, '0')}:00:00.000Z`,
    attribution: { team, tags: { promptHash: hash } },
  });

  it('counts the same request of the same tenant, within the life of an answer', async () => {
    const entries = [
      ...calls(3, 'a', (index) => asked(index, 'one')),
      ...calls(1, 'b', () => asked(0, 'one', 'other')),
      ...calls(1, 'c', () => asked(1, 'two')),
    ];
    const [repeated] = of('response_cache', await recommendFor(entries));
    // Two repeats of 1,000 tokens in and 100 out at 3 and 12 per million.
    expect(repeated && amountOf(repeated.potentialSavings)).toBe('0.0084');
    expect(repeated?.against).toEqual(['2 of 4 calls were asked for the first time']);
    expect(of('response_cache', await recommendFor(entries, { answerLifetimeMs: 60_000 }))).toEqual([]);
  });

  it('guesses nothing where requests carry no fingerprint', () => {
    expect(of('response_cache')).toEqual([]);
  });
});

describe('recommend, of budgets', () => {
  const state = (settled: string, month: number): LimitState => ({
    limitId: 'search-monthly',
    bucket: '',
    unit: 'money',
    mode: 'enforced',
    amount: '100',
    settled,
    held: '0',
    available: '0',
    windowStart: `2026-0${month}-01T00:00:00.000Z`,
    resetsAt: `2026-0${month + 1}-01T00:00:00.000Z`,
  });
  const under = (states: readonly LimitState[]): LedgerEntry[] =>
    states.map((limit, index) =>
      sampleEntry(`c${index}`, { decision: { verdict: 'allowed', rules: [], limits: [limit] } }),
    );

  it('finds those that are never used up by half, in windows that are over', async () => {
    const [budget] = of(
      'budget',
      await recommendFor(under([state('10', 6), state('31', 6), state('20', 7)])),
    );
    expect(budget).toMatchObject({
      title: 'Lower budget search-monthly: at most 31 % of it was used',
      sampleSize: 3,
    });
    expect(budget?.stake && amountOf(budget.stake)).toBe('69');
    expect(budget && amountOf(budget.potentialSavings)).toBe('0');
  });

  it('leaves those alone that were needed once, or whose window goes on', async () => {
    expect(of('budget', await recommendFor(under([state('10', 6), state('80', 7)])))).toEqual([]);
    expect(
      of('budget', await recommendFor(under([state('10', 8)]), { until: '2026-08-20T00:00:00Z' })),
    ).toEqual([]);
  });
});

describe('recommend, of retirements', () => {
  it('names keys and models that somebody knows to end, with what they carry', async () => {
    const all = await recommendFor(
      calls(4, 'l', (index) => ({
        provider: 'house',
        requestModel: 'small',
        providerKeyId: index < 3 ? 'house-1' : 'house-2',
      })),
      { retirements: [{ providerKeyId: 'house-1', at: '2026-09-15T00:00:00Z' }] },
    );
    expect(of('retirement', all)).toEqual([
      expect.objectContaining({ title: 'Replace house-1: it ends on 2026-09-15', sampleSize: 3 }),
    ]);
  });
});
