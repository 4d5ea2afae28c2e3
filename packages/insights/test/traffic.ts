import { type Attribution, freeCost, type LedgerEntry, money, type Usage } from '@genops/core';
import { prices } from './prices.ts';
import { seededRandom } from './random.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Sixty days, from a Monday on. */
export const trafficFrom = '2026-07-06T00:00:00.000Z';
export const trafficDays = 60;
export const trafficUntil = new Date(Date.parse(trafficFrom) + trafficDays * dayMs).toISOString();

/** The hour in which team ads calls eight times as often: a Thursday afternoon. */
export const spikeAt = '2026-08-20T14:00:00.000Z';

/** From Monday on. */
const weekdayShare = [1.1, 1.15, 1.1, 1.05, 1, 0.35, 0.3] as const;

/** One kind of work: who has it done where, and what a call of it is like. */
interface Work {
  readonly attribution: Attribution;
  readonly provider: string;
  readonly model: string;
  readonly callsPerDay: number;
  readonly stream?: boolean;
  readonly usage: (random: () => number) => Usage;
  readonly failing?: number;
}

const between = (random: () => number, low: number, high: number): number =>
  Math.floor(low + random() * (high - low));

const works: readonly Work[] = [
  {
    attribution: { team: 'search', project: 'ranking', feature: 'rerank' },
    provider: 'house',
    model: 'large',
    callsPerDay: 60,
    usage: (random) => ({ inputTokens: between(random, 800, 2400), outputTokens: between(random, 40, 160) }),
  },
  {
    attribution: { team: 'search', project: 'ranking', feature: 'rerank' },
    provider: 'house',
    model: 'small',
    callsPerDay: 40,
    usage: (random) => ({ inputTokens: between(random, 800, 2400), outputTokens: between(random, 40, 160) }),
  },
  {
    attribution: { team: 'ads', project: 'copy', feature: 'headline' },
    provider: 'rival',
    model: 'large',
    callsPerDay: 30,
    failing: 0.04,
    usage: (random) => {
      const long = random() < 0.04;
      const outputTokens = long ? between(random, 3000, 6000) : between(random, 80, 400);
      return { inputTokens: between(random, 300, 700), outputTokens };
    },
  },
  {
    attribution: { team: 'support', project: 'desk', feature: 'triage' },
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    callsPerDay: 20,
    stream: true,
    usage: (random) => {
      const reasoningOutputTokens = random() < 0.5 ? 100 : between(random, 100, 1500);
      const outputTokens = reasoningOutputTokens + between(random, 50, 300);
      return { inputTokens: between(random, 1000, 5000), outputTokens, reasoningOutputTokens };
    },
  },
  {
    attribution: {},
    provider: 'house',
    model: 'old',
    callsPerDay: 8,
    usage: (random) => ({ inputTokens: between(random, 100, 900), outputTokens: between(random, 10, 90) }),
  },
];

/** Entries as a governor would have written them, oldest first; the same for the same seed. */
export function* traffic(seed = 1, scale = 1): Generator<LedgerEntry> {
  const random = seededRandom(seed);
  let number = 0;
  const start = Date.parse(trafficFrom);
  for (let hour = 0; hour < trafficDays * 24; hour += 1) {
    const from = start + hour * hourMs;
    const ofDay = 0.4 + Math.max(0, Math.sin(((hour % 24) - 6) * (Math.PI / 14)));
    const share = ((weekdayShare[Math.floor(hour / 24) % 7] as number) * ofDay) / 18.5;
    const growth = 1 + hour / (24 * 200);
    const entries: LedgerEntry[] = [];
    for (const work of works) {
      const spiking = work.attribution.team === 'ads' && from === Date.parse(spikeAt) ? 8 : 1;
      const expected = work.callsPerDay * share * growth * spiking * scale;
      const calls = Math.floor(expected + random());
      for (let call = 0; call < calls; call += 1) {
        number += 1;
        entries.push(entryOf(work, number, from + Math.floor(random() * hourMs), random));
      }
    }
    entries.sort((left, right) => (left.at < right.at ? -1 : 1));
    yield* entries;
  }
  yield* chats(start, random);
}

function entryOf(work: Work, number: number, atMs: number, random: () => number): LedgerEntry {
  const id = `call-${String(number).padStart(9, '0')}`;
  const at = new Date(atMs).toISOString();
  const common = {
    operationId: id,
    attempt: 1,
    at,
    provider: work.provider,
    operation: 'chat' as const,
    requestModel: work.model,
    stream: work.stream ?? false,
    attribution: work.attribution,
    decision: { verdict: 'allowed' as const, rules: [], limits: [] },
  };
  const fate = random();
  if (fate < 0.01) {
    const decision = {
      verdict: 'blocked' as const,
      reasonCode: 'BUDGET_EXCEEDED' as const,
      rules: [],
      limits: [],
    };
    const cost = freeCost(money('0'));
    return {
      ...common,
      id: `${id}.0`,
      attempt: 0,
      kind: 'refused',
      endedAt: at,
      decision,
      cost,
      outcome: 'failed',
    };
  }
  const endedAt = new Date(atMs + between(random, 300, 4000)).toISOString();
  if (fate < 0.013) {
    const cost = { result: 'unpriced' as const, reason: 'unmetered' as const, message: 'nobody said' };
    return { ...common, id: `${id}.1`, kind: 'expired', endedAt, cost, outcome: 'unknown' };
  }
  const failed = random() < (work.failing ?? 0.01);
  const estimated = !failed && random() < 0.02;
  const usage = failed ? {} : work.usage(random);
  const cost = failed
    ? freeCost(money('0'))
    : prices.price({ provider: work.provider, model: work.model, at, usage, estimated });
  return {
    ...common,
    id: `${id}.1`,
    kind: 'settled',
    endedAt,
    responseModel: work.model,
    usage,
    cost,
    outcome: failed ? 'failed' : 'completed',
    status: failed ? 500 : 200,
    ...(estimated && { flags: ['usage_missing'] }),
  };
}

/** Conversations of team support: every turn sends all turns before it again. */
function* chats(start: number, random: () => number): Generator<LedgerEntry> {
  for (let day = 0; day < trafficDays; day += 1) {
    for (let chat = 0; chat < 3; chat += 1) {
      let atMs = start + day * dayMs + between(random, 8, 18) * hourMs;
      let inputTokens = 1500;
      for (let turn = 0; turn < 5; turn += 1) {
        const id = `chat-${String(day * 100 + chat * 10 + turn).padStart(8, '0')}`;
        const usage = { inputTokens, outputTokens: between(random, 100, 300) };
        const at = new Date(atMs).toISOString();
        yield {
          id: `${id}.1`,
          operationId: id,
          attempt: 1,
          kind: 'settled',
          at,
          endedAt: new Date(atMs + 1500).toISOString(),
          provider: 'house',
          operation: 'chat',
          requestModel: 'large',
          stream: true,
          attribution: { team: 'support', project: 'desk', feature: 'chat', sessionId: `${day}-${chat}` },
          decision: { verdict: 'allowed', rules: [], limits: [] },
          usage,
          cost: prices.price({ provider: 'house', model: 'large', at, usage }),
          outcome: 'completed',
          status: 200,
        };
        inputTokens += usage.outputTokens + between(random, 20, 80);
        atMs += between(random, 20_000, 90_000);
      }
    }
  }
}
