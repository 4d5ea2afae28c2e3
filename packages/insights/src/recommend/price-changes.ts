import { subtractMoney } from '@genops/core';
import type { PriceBook } from '@genops/pricing';
import { createMoneyTally, type MoneyTally } from '../amounts.ts';
import { nameOfPlace, priceElsewhere } from '../replay.ts';
import type { Detector, Finding } from './finding.ts';
import { createSavings, type Savings } from './savings.ts';

/** Something that somebody knows to end: a key, a model, a deployment. */
export interface Retirement {
  readonly provider?: string;
  readonly model?: string;
  readonly providerKeyId?: string;
  /** An instant. */
  readonly at: string;
}

export interface PriceChangesOptions {
  readonly prices: Pick<PriceBook, 'price' | 'model'>;
  readonly currency: string;
  /** An instant. Prices of then are compared with those of `horizon`. */
  readonly now: string;
  readonly horizon: string;
  readonly retirements: readonly Retirement[];
}

interface Watched {
  readonly place: string;
  readonly status: string | undefined;
  readonly changes: boolean;
  readonly savings: Savings;
  readonly spent: MoneyTally;
  calls: number;
}

/** Replays calls at the prices that hold later, and names what models and keys in use are about to go. */
export function createPriceChanges(options: PriceChangesOptions): Detector {
  const { prices, currency, now, horizon, retirements } = options;
  const models = new Map<string, Watched>();
  const ending = retirements.map((retirement) => ({ retirement, calls: 0, spent: createMoneyTally() }));
  return {
    see(entry, call) {
      if (call === undefined || call.own.currency !== currency) return;
      for (const one of ending) {
        const { provider, model, providerKeyId } = one.retirement;
        const hit =
          (provider ?? call.place.provider) === call.place.provider &&
          (model === undefined || model === entry.requestModel || model === call.place.model) &&
          (providerKeyId ?? entry.providerKeyId) === entry.providerKeyId;
        if (!hit) continue;
        one.calls += 1;
        one.spent.add(call.own);
      }
      const place = nameOfPlace(call.place);
      let watched = models.get(place);
      if (watched === undefined) {
        const today = prices.model(call.place.provider, call.place.model, now);
        const later = prices.model(call.place.provider, call.place.model, horizon);
        const changes = today?.priceId !== later?.priceId;
        const [savings, spent] = [createSavings(currency), createMoneyTally()];
        watched = { place, status: today?.status, changes, savings, spent, calls: 0 };
        models.set(place, watched);
      }
      watched.calls += 1;
      watched.spent.add(call.own);
      if (!watched.changes) return;
      const [today, later] = [now, horizon].map((at) => priceElsewhere(prices, call, call.place, { at }));
      if (today !== undefined && later !== undefined) watched.savings.add(call, subtractMoney(today, later));
    },
    findings: () => [
      ...[...models.values()].flatMap((model) => modelFindings(model, options)),
      ...ending
        .filter(({ calls }) => calls > 0)
        .map(({ retirement, calls, spent }): Finding => {
          const { at, ...subject } = retirement;
          const name = Object.values(subject).join(' ');
          return retirementOf(
            `Replace ${name}: it ends on ${at.slice(0, 10)}`,
            subject,
            calls,
            spent,
            currency,
          );
        }),
    ],
  };
}

function modelFindings(model: Watched, { currency, horizon }: PriceChangesOptions): readonly Finding[] {
  const { place, status, savings, spent, calls } = model;
  const findings: Finding[] = [];
  if (status === 'deprecated' || status === 'retired') {
    findings.push(retirementOf(`Replace ${place}: it is ${status}`, { place }, calls, spent, currency));
  }
  const change = savings.total();
  if (!change.amount.eq('0')) {
    const rises = change.amount.lt('0');
    const extra = { amount: change.amount.abs(), currency };
    findings.push({
      optimizationType: 'price_change',
      title: `Prices of ${place} ${rises ? 'rise' : 'fall'} by ${horizon.slice(0, 10)}`,
      subject: { place },
      potentialSavings: rises ? { amount: change.amount.times('0'), currency } : extra,
      stake: extra,
      sampleSize: savings.calls,
      evidence: [{ value: 1, because: 'the price is announced' }],
      effortLevel: rises ? 'medium' : 'low',
      assumption: 'The same calls are made again, and the price announced comes into force',
      against: ['an announced price may be taken back'],
    });
  }
  return findings;
}

function retirementOf(
  title: string,
  subject: Readonly<Record<string, string>>,
  calls: number,
  spent: MoneyTally,
  currency: string,
): Finding {
  return {
    optimizationType: 'retirement',
    title,
    subject,
    potentialSavings: { amount: spent.in(currency).amount.times('0'), currency },
    stake: spent.in(currency),
    sampleSize: calls,
    evidence: [{ value: 1, because: 'it is announced' }],
    effortLevel: 'medium',
    assumption: 'The same calls will be needed afterwards',
    against: [],
  };
}
