import { type LedgerEntry, type Money, money } from '@genops/core';
import { createMoneyTally, knownCost, type MoneyTally } from './amounts.ts';
import { type Group, groupKey, groupOf } from './group-key.ts';

/** What sums do not tell, because it stands in each entry: how costs are known, and what caches saved. */
export interface EntryDetails {
  /** Calls whose cost is an estimate, and what they came to. */
  readonly estimatedCalls: number;
  readonly estimatedCost: Money;
  /** Calls whose usage nobody reported, so that their cost is not known. */
  readonly unmeteredCalls: number;
  /** Calls that did not end well: failed, cancelled, broken off, or unknown. */
  readonly unfinishedCalls: number;
  /** Calls answered out of a cache, and what they would have cost. */
  readonly cacheHits: number;
  readonly avoidedCost: Money;
  readonly cacheReadInputTokens: number;
  readonly cacheCreationInputTokens: number;
  readonly reasoningOutputTokens: number;
}

export interface EntryDetailsBuilder {
  add(entry: LedgerEntry): void;
  /** Of one group and currency; nothing where nothing was seen. */
  of(group: Group, currency: string): EntryDetails;
}

type Counted = { -readonly [Name in CountName]: number } & { estimated: MoneyTally; avoided: MoneyTally };
type CountName = {
  [Name in keyof EntryDetails]: EntryDetails[Name] extends number ? Name : never;
}[keyof EntryDetails];

/** Tallies details group by group. What is kept grows with the groups, not with the entries. */
export function createEntryDetails(by: readonly string[]): EntryDetailsBuilder {
  const tallies = new Map<string, Counted>();
  const keyOf = (group: Group, currency: string): string => `${currency} ${groupKey(group, by)}`;
  return {
    add(entry) {
      const currency = knownCost(entry)?.currency ?? entry.held?.currency ?? 'USD';
      const key = keyOf(groupOf(entry, by), currency);
      let tally = tallies.get(key);
      if (tally === undefined) {
        tally = emptyTally();
        tallies.set(key, tally);
      }
      count(tally, entry);
    },
    of(group, currency) {
      const { estimated, avoided, ...counted } = tallies.get(keyOf(group, currency)) ?? emptyTally();
      return { ...counted, estimatedCost: estimated.in(currency), avoidedCost: avoided.in(currency) };
    },
  };
}

function emptyTally(): Counted {
  return {
    estimatedCalls: 0,
    unmeteredCalls: 0,
    unfinishedCalls: 0,
    cacheHits: 0,
    cacheReadInputTokens: 0,
    cacheCreationInputTokens: 0,
    reasoningOutputTokens: 0,
    estimated: createMoneyTally(),
    avoided: createMoneyTally(),
  };
}

function count(tally: Counted, { kind, cost, usage = {}, outcome }: LedgerEntry): void {
  const isCall = kind === 'settled' || kind === 'expired';
  if (cost.result === 'priced') {
    if (cost.basis === 'estimated') {
      if (isCall) tally.estimatedCalls += 1;
      tally.estimated.add(cost.total);
    }
    if (cost.avoided !== undefined) {
      tally.cacheHits += 1;
      tally.avoided.add(cost.avoided);
    }
  } else if (cost.reason === 'unmetered' && isCall) {
    tally.unmeteredCalls += 1;
  }
  if (isCall && outcome !== 'completed') tally.unfinishedCalls += 1;
  tally.cacheReadInputTokens += usage.cacheReadInputTokens ?? 0;
  tally.cacheCreationInputTokens += usage.cacheCreationInputTokens ?? 0;
  tally.reasoningOutputTokens += usage.reasoningOutputTokens ?? 0;
}

/** No money, in a currency. */
export function noMoney(currency: string): Money {
  return money('0', currency);
}
