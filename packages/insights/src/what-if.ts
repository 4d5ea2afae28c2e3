import {
  addMoney,
  ConfigurationError,
  type LedgerEntry,
  type Money,
  multiplyMoney,
  parseDecimal,
  subtractMoney,
} from '@genops/core';
import type { EntryFilter } from '@genops/ledger';
import type { Candidate, Pricing } from '@genops/pricing';
import { knownCost } from './amounts.ts';
import { type EntrySource, eachEntry } from './each-entry.ts';
import { noMoney } from './entry-details.ts';
import { type Group, groupKey, groupOf } from './group-key.ts';
import { nameOfPlace, priceElsewhere, type ReplayableCall, replayable } from './replay.ts';

/** Another past: what would be different. Whatever is not said stays as it was. */
export interface Scenario {
  readonly name: string;
  /** Another price list: a contract on offer, prices of another day. @default the one of the question */
  readonly pricing?: Pick<Pricing, 'price'>;
  /** Where a call would have gone: a model, a provider, a tier. Undefined leaves it where it was. */
  readonly place?: (call: ReplayableCall) => Candidate | undefined;
  /** Prices of this instant for all calls. @default those of each call's own day */
  readonly at?: string;
  /** Taken off what was moved or priced anew, `"0"` to `"1"`: `"0.15"` is 15 %. @default '0' */
  readonly discount?: string;
}

export interface ScenarioResult {
  readonly name: string;
  /** What the whole time would have cost; calls that could not be priced anew are in it as they were. */
  readonly total: Money;
  /** What it cost, minus that: negative when it would have cost more. */
  readonly saving: Money;
  /** Calls that were priced anew. */
  readonly changed: number;
  /** Calls that the scenario means and that have no price there; they stay as they were. */
  readonly unpriced: number;
  /** By the dimensions asked for; they add up to `total` and `saving`. */
  readonly groups: readonly { readonly group: Group; readonly total: Money; readonly saving: Money }[];
}

export interface WhatIf {
  readonly current: Money;
  readonly calls: number;
  /** Calls whose price list says something else than what was recorded: the more there are, the less it means. */
  readonly unfaithful: number;
  /** The cheapest first. */
  readonly scenarios: readonly ScenarioResult[];
}

export interface WhatIfQuery {
  /** By which the past was priced. */
  readonly pricing: Pick<Pricing, 'price'>;
  readonly scenarios: readonly Scenario[];
  readonly filter?: EntryFilter;
  /** @default [] */
  readonly by?: readonly string[];
  /** Entries in other currencies are left out. @default 'USD' */
  readonly currency?: string;
}

/**
 * The past under other conditions: every call priced again, with the tokens that it really had, at the prices of
 * its day. Another model may need more or fewer tokens for the same text, which nobody knows beforehand.
 *
 * @throws {ConfigurationError} when two scenarios share a name, or a discount is none
 */
export async function whatIf(ledger: EntrySource, query: WhatIfQuery): Promise<WhatIf> {
  const replay = createWhatIf(query);
  for await (const entry of eachEntry(ledger, query.filter)) replay.see(entry);
  return replay.result();
}

/** The same, entry by entry. What is kept grows with scenarios and groups, not with entries. */
export function createWhatIf(query: Omit<WhatIfQuery, 'filter'>): {
  see(entry: LedgerEntry): void;
  result(): WhatIf;
} {
  const { pricing, by = [], currency = 'USD' } = query;
  const running = checkScenarios(query.scenarios).map((scenario) => start(scenario, by, currency));
  let current = noMoney(currency);
  let calls = 0;
  let unfaithful = 0;
  return {
    see(entry) {
      const cost = knownCost(entry);
      if (cost === undefined || cost.currency !== currency) return;
      current = addMoney(current, cost);
      const call = replayable(pricing, entry);
      const replayed = typeof call === 'string' || call.own.currency !== currency ? undefined : call;
      if (replayed !== undefined) {
        calls += 1;
        if (!replayed.faithful) unfaithful += 1;
      }
      for (const scenario of running) scenario.see(entry, cost, replayed, pricing);
    },
    result: () => ({
      current,
      calls,
      unfaithful,
      scenarios: running
        .map((scenario) => scenario.result())
        .sort((left, right) => left.total.amount.cmp(right.total.amount)),
    }),
  };
}

interface Running {
  see(entry: LedgerEntry, cost: Money, call: ReplayableCall | undefined, base: Pick<Pricing, 'price'>): void;
  result(): ScenarioResult;
}

function start(scenario: Scenario, by: readonly string[], currency: string): Running {
  const groups = new Map<string, { readonly group: Group; total: Money; saving: Money }>();
  const pays = parseDecimal('1').minus(parseDecimal(scenario.discount ?? '0'));
  const nothing = noMoney(currency);
  let changed = 0;
  let unpriced = 0;

  /** What the call would have cost; undefined where it stays as it was. */
  function priceAnew(call: ReplayableCall, base: Pick<Pricing, 'price'>): Money | undefined {
    const moved = scenario.place?.(call);
    if (scenario.place !== undefined && moved === undefined) return undefined;
    const place = moved ?? call.place;
    const changes = scenario.at === undefined ? {} : { at: scenario.at };
    const there = priceElsewhere(scenario.pricing ?? base, call, place, changes);
    if (there === undefined) unpriced += 1;
    else changed += 1;
    return there && multiplyMoney(there, pays);
  }

  return {
    see(entry, cost, call, base) {
      const then = (call && priceAnew(call, base)) ?? cost;
      const group = groupOf(entry, by);
      const key = groupKey(group, by);
      const sum = groups.get(key) ?? { group, total: nothing, saving: nothing };
      sum.total = addMoney(sum.total, then);
      sum.saving = addMoney(sum.saving, subtractMoney(cost, then));
      groups.set(key, sum);
    },
    result() {
      const all = [...groups.values()].sort((left, right) => right.saving.amount.cmp(left.saving.amount));
      return {
        name: scenario.name,
        total: all.reduce((sum, { total }) => addMoney(sum, total), nothing),
        saving: all.reduce((sum, { saving }) => addMoney(sum, saving), nothing),
        changed,
        unpriced,
        groups: all,
      };
    },
  };
}

function checkScenarios(scenarios: readonly Scenario[]): readonly Scenario[] {
  const names = new Set<string>();
  for (const { name, discount = '0' } of scenarios) {
    if (names.has(name))
      throw new ConfigurationError('scenarios', `expected each name once, got "${name}" twice`);
    names.add(name);
    const off = parseDecimal(discount);
    if (off.lt('0') || off.gt('1')) {
      throw new ConfigurationError(
        `scenarios.${name}.discount`,
        `expected a share from 0 to 1, got "${discount}"`,
      );
    }
  }
  return scenarios;
}

/** A scenario that moves calls of one place to another. */
export function moveScenario(
  from: Partial<Pick<Candidate, 'provider' | 'model'>>,
  to: Candidate,
  name = `${from.provider ?? '*'}/${from.model ?? '*'} to ${nameOfPlace(to)}`,
): Scenario {
  return {
    name,
    place: ({ place }) => {
      const meant =
        (from.provider ?? place.provider) === place.provider && (from.model ?? place.model) === place.model;
      return meant ? to : undefined;
    },
  };
}
