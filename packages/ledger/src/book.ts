import type { LedgerEntry, LimitState } from '@genops/core';
import { type Account, countedRows, emptyAccount, type Row, readAccount } from './account.ts';
import { admit, type PlannedDraw } from './admit.ts';
import { createLimitCompiler, currencyOf } from './compiled-limit.ts';
import { endedEntry, expiredEntry, knownCost, ledgerFlags, reportOf, sameContent } from './entry.ts';
import { createExpiryQueue } from './expiry-queue.ts';
import type {
  Conflict,
  CrossedThreshold,
  EndResult,
  HoldEntry,
  LimitQuery,
  ReleaseRequest,
  ReserveRequest,
  ReserveResult,
  SettleRequest,
} from './ledger.ts';
import { createDrawPlanner, type Moment, type Plan, rowStart, type SumPlan } from './plan-draw.ts';
import { createInstantText, presentState } from './present.ts';
import { adjust, drainUs, enqueue, type QueuePlace } from './rate.ts';
import { toSubunits } from './subunits.ts';
import { checkAmounts, checkCount, checkEntry, checkReserve } from './validate.ts';
import { createWindowFinder } from './window.ts';

/**
 * The counters of a ledger and what happens to them: every rule of reserve, settle, release and expire, in
 * memory and in whole numbers. It knows nothing of files; a driver keeps what the journal is told.
 */
export interface Book {
  readonly reserve: (request: ReserveRequest) => ReserveResult;
  readonly settle: (request: SettleRequest) => EndResult;
  readonly release: (request: ReleaseRequest) => EndResult;
  readonly record: (entry: LedgerEntry) => EndResult;
  /** Returns how many holds it ended. */
  readonly expire: () => number;
  readonly states: (queries: readonly LimitQuery[]) => LimitState[];
  /** Makes the hold of a call that was admitted on holds taken in advance, out of these. */
  readonly adopt: (call: AdmittedInAdvance) => void;
  /** Ends a hold taken in advance: what is left of it is free again. No call was, so no entry is. */
  readonly giveBack: (id: string) => void;
  /** Takes up a hold that the store kept. */
  readonly restore: (hold: StoredHold) => void;
  readonly holds: () => Iterable<Hold>;
  /** Every row that the book knows. */
  readonly rows: () => Iterable<Row>;
  readonly account: (key: string) => Account | undefined;
  /** Lets go of what the store can load again, when there is much of it. */
  readonly forget: (isStored: (row: Row) => boolean) => void;
  /** No hold of the book falls due before; on the even clock, in milliseconds. */
  readonly nextDeadline: () => number;
}

export interface BookOptions {
  readonly clock: () => Moment;
  /** Reads an account that the book does not know yet, its newest rows at least. */
  readonly loadAccount: (key: string) => Account | undefined;
  /** Reads one row that the book may have dropped. */
  readonly loadRow: (account: string, start: number) => Row | undefined;
  readonly findEntry: (id: string) => RecordedEntry | undefined;
  /** What earlier corrections changed the cost of an entry by. */
  readonly findCorrections: (id: string) => readonly LedgerEntry[];
  readonly journal: Journal;
}

/** Is told everything that has to be kept, as it happens. */
export interface Journal {
  readonly held: (hold: Hold) => void;
  readonly ended: (hold: Hold) => void;
  /** A hold taken in advance has less in it than before. */
  readonly shrunk: (hold: Hold) => void;
  readonly recorded: (recorded: RecordedEntry) => void;
  readonly changed: (row: Row) => void;
}

/** A call that was admitted before the store heard of it. */
export interface AdmittedInAdvance {
  readonly request: ReserveRequest;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** For each draw the hold that it is taken from; absent where nothing is counted. */
  readonly from: readonly (string | undefined)[];
}

export interface Hold {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The same as an instant. */
  readonly atText: string;
  readonly expiresAt: number;
  readonly expiresInMs: number;
  /** On the even clock. */
  readonly deadline: number;
  readonly clampSteps: number | undefined;
  readonly granted: number | undefined;
  readonly draws: readonly HeldDraw[];
  readonly entry: HoldEntry;
}

/** A hold as a store keeps it. */
export type StoredHold = Omit<Hold, 'atText' | 'deadline' | 'draws'> & {
  readonly draws: readonly (LimitQuery & Omit<HeldDraw, 'plan'> & { readonly row: number })[];
};

export interface HeldDraw {
  readonly plan: Plan;
  /** What was asked for and what is held, in sub-units; they differ only when the call was clamped. */
  readonly asked: bigint;
  readonly minimum: bigint | undefined;
  readonly amount: bigint;
  readonly place?: QueuePlace;
}

/** An entry with what it counted. */
export interface RecordedEntry {
  readonly entry: LedgerEntry;
  readonly draws: readonly EntryDraw[];
}

export interface EntryDraw extends LimitQuery {
  /** Start of the row counted on. */
  readonly row: number;
  /** In sub-units. */
  readonly amount: bigint;
}

/** Rows of an account that are loaded at once: all that a rolling window can count, and more. */
export const newestRows = 128;

/** Accounts in memory before those are let go of that the store can load again. */
const mostAccounts = 50_000;

export function createBook(options: BookOptions): Book {
  const { clock, loadAccount, loadRow, findEntry, findCorrections, journal } = options;
  const planDraw = createDrawPlanner(createLimitCompiler(), createWindowFinder());
  const accounts = new Map<string, Account>();
  const holds = new Map<string, Hold>();
  const expiry = createExpiryQueue<Hold>();
  const instant = createInstantText();
  const expiryInstant = createInstantText();

  function accountOf(key: string): Account {
    let account = accounts.get(key);
    if (account === undefined) {
      account = loadAccount(key) ?? emptyAccount(key);
      accounts.set(key, account);
    }
    return account;
  }

  /** The row to count on, made when this is the first time. */
  function rowAt(account: Account, start: number): Row {
    let row = account.rows.get(start) ?? loadRow(account.key, start);
    row ??= { account: account.key, start, settled: 0n, held: 0n, told: 0 };
    account.rows.set(start, row);
    if (account.since === undefined || start < account.since) account.since = start;
    return row;
  }

  function stateOf(plan: Plan, { steady }: Moment): LimitState {
    const account = plan.counting === 'call' ? undefined : accountOf(plan.account);
    return presentState(plan, readAccount(plan, account, toMicroseconds(steady)));
  }

  /** A place in a calendar stays where the call was admitted; everything else is seen as of now. */
  function planNow(plan: Plan, moment: Moment): Plan {
    if (plan.counting === 'call' || (plan.counting === 'sum' && plan.from === plan.row)) return plan;
    return planDraw({ limit: plan.compiled.limit, bucket: plan.bucket }, moment);
  }

  function begin(): Moment {
    const moment = clock();
    sweep(moment);
    return moment;
  }

  function sweep(moment: Moment): number {
    let expired = 0;
    for (;;) {
      const hold = expiry.takeDue(moment.steady);
      if (hold === undefined) break;
      if (holds.get(hold.id) !== hold) continue;
      const none = hold.draws.map(() => 0n);
      const ending = {
        id: hold.id,
        kind: 'expired',
        at: hold.atText,
        endedAt: expiryInstant(hold.expiresAt),
      } as const;
      finish(hold, none, expiredEntry(hold.entry, ending), moment);
      expired += 1;
    }
    return expired;
  }

  /** Ends a hold: what it held is free again, what it came to is counted, and the entry says so. */
  function finish(hold: Hold, amounts: readonly bigint[], entry: LedgerEntry, moment: Moment): void {
    holds.delete(hold.id);
    forgetOver();
    const draws = hold.draws.map((draw, index) => countEnd(draw, amounts[index] ?? 0n, moment));
    journal.ended(hold);
    journal.recorded({ entry, draws });
  }

  /** What has ended goes from the queue too, when there is much of it. */
  function forgetOver(): void {
    if (expiry.size > 1000 + 2 * holds.size) expiry.keep((item) => holds.get(item.id) === item);
  }

  function countEnd(draw: HeldDraw, amount: bigint, moment: Moment): EntryDraw {
    const { plan, place } = draw;
    const { limit } = plan.compiled;
    const result = { limit, bucket: plan.bucket, row: rowStart(plan), amount };
    if (plan.counting === 'call') return result;
    const row = rowAt(accountOf(plan.account), rowStart(plan));
    if (plan.counting === 'rate') {
      if (place !== undefined) adjust(row, place, drainUs(plan, amount) ?? 0n, toMicroseconds(moment.steady));
    } else {
      row.held -= draw.amount;
      if (plan.givenBack) result.amount = 0n;
      row.settled += result.amount;
    }
    journal.changed(row);
    return result;
  }

  function thresholdsCrossed(plans: readonly Plan[], moment: Moment): CrossedThreshold[] {
    const crossed: CrossedThreshold[] = [];
    for (const plan of plans) {
      const { thresholds } = plan.compiled;
      if (thresholds.length === 0 || plan.counting !== 'sum') continue;
      const account = accountOf(plan.account);
      const { capacity, settled, held } = readAccount(plan, account, 0n);
      if (capacity <= 0n) continue;
      const used = plan.givenBack ? held : settled;
      const row = rowAt(account, plan.row);
      const told = toldIn(account, plan);
      for (const threshold of thresholds) {
        if (threshold <= told || used * 100_000n < capacity * BigInt(threshold)) continue;
        row.told = threshold;
        journal.changed(row);
        crossed.push({ state: stateOf(plan, moment), threshold: threshold / 1000 });
      }
    }
    return crossed;
  }

  function repeatedReserve(hold: Hold, request: ReserveRequest, moment: Moment): ReserveResult {
    const same =
      hold.expiresInMs === request.expiresInMs &&
      hold.clampSteps === request.clampSteps &&
      hold.draws.length === request.draws.length &&
      hold.draws.every(({ plan, asked, minimum }, index) => {
        const draw = request.draws[index];
        return (
          draw?.limit.id === plan.compiled.limit.id &&
          draw.bucket === plan.bucket &&
          toSubunits(draw.amount) === asked &&
          (draw.minimum === undefined ? undefined : toSubunits(draw.minimum)) === minimum
        );
      }) &&
      sameContent(hold.entry, request.entry);
    if (!same) return conflict(`Hold "${request.id}" exists with other content`);
    return heldResult(hold, moment, []);
  }

  function heldResult(hold: Hold, moment: Moment, exceeded: Held['exceeded']): ReserveResult {
    const plans = hold.draws.map(({ plan }) => planNow(plan, moment));
    return {
      result: 'held',
      at: hold.atText,
      expiresAt: expiryInstant(hold.expiresAt),
      ...(hold.granted !== undefined && { granted: hold.granted }),
      thresholds: thresholdsCrossed(plans, moment),
      states: plans.map((plan, index) => callState(plan, hold.draws[index], moment)),
      exceeded,
    };
  }

  /** A limit on single calls counts nothing, so its state is the call's own. */
  function callState(plan: Plan, draw: HeldDraw | undefined, moment: Moment): LimitState {
    if (plan.counting !== 'call') return stateOf(plan, moment);
    return presentState(plan, { capacity: plan.capacity, settled: 0n, held: draw?.amount ?? 0n });
  }

  function reserve(request: ReserveRequest): ReserveResult {
    checkReserve(request);
    const moment = begin();
    const { id, draws, expiresInMs, clampSteps, entry } = request;
    const known = holds.get(id);
    if (known !== undefined) return repeatedReserve(known, request, moment);
    const ended = findEntry(id);
    if (ended !== undefined) return hasEnded(ended.entry);

    const planned: PlannedDraw[] = draws.map((draw) => {
      const plan = planDraw(draw, moment);
      const account = plan.counting === 'call' ? undefined : accountOf(plan.account);
      const minimum = draw.minimum === undefined ? undefined : toSubunits(draw.minimum);
      return { plan, account, amount: toSubunits(draw.amount), minimum };
    });
    const admission = admit(planned, clampSteps, moment);
    if (admission.result === 'refused') {
      const states = planned.map(({ plan }) => stateOf(plan, moment));
      return { result: 'refused', at: instant(moment.wall), shortfall: admission.shortfall, states };
    }
    const hold: Hold = {
      id,
      at: moment.wall,
      atText: instant(moment.wall),
      expiresAt: moment.wall + expiresInMs,
      expiresInMs,
      deadline: moment.steady + expiresInMs,
      clampSteps,
      granted: admission.granted,
      draws: planned.map((draw, index) => takeHold(draw, admission.amounts[index] ?? 0n, moment)),
      entry,
    };
    holds.set(id, hold);
    expiry.add(hold);
    journal.held(hold);
    return heldResult(hold, moment, admission.exceeded);
  }

  function takeHold(
    { plan, account, amount: asked, minimum }: PlannedDraw,
    amount: bigint,
    moment: Moment,
  ): HeldDraw {
    const held = { plan, asked, minimum, amount };
    if (account === undefined || plan.counting === 'call') return held;
    const row = rowAt(account, rowStart(plan));
    journal.changed(row);
    if (plan.counting === 'rate') {
      return { ...held, place: enqueue(row, drainUs(plan, amount) ?? 0n, toMicroseconds(moment.steady)) };
    }
    row.held += amount;
    return held;
  }

  function adopt({ request, at, from }: AdmittedInAdvance): void {
    const { wall, steady } = begin();
    const { id, expiresInMs, clampSteps, entry } = request;
    if (holds.has(id) || findEntry(id) !== undefined) return;
    const draws = request.draws.map((draw): HeldDraw => {
      const amount = toSubunits(draw.amount);
      const minimum = draw.minimum === undefined ? undefined : toSubunits(draw.minimum);
      return { plan: planDraw(draw, { wall: at, steady: at }), asked: amount, minimum, amount };
    });
    const hold: Hold = {
      id,
      at,
      atText: instant(at),
      expiresAt: at + expiresInMs,
      expiresInMs,
      deadline: steady + Math.min(at + expiresInMs - wall, expiresInMs),
      clampSteps,
      granted: clampSteps,
      draws,
      entry,
    };
    if (draws.some((draw, index) => !isCovered(draw, from[index]))) {
      // What it was admitted on has run out meanwhile, and so has the call.
      const ending = { id, kind: 'expired', at: hold.atText, endedAt: expiryInstant(wall) } as const;
      const counted = draws.map((draw) => ({ ...heldAsCounted(draw), amount: 0n }));
      journal.recorded({ entry: expiredEntry(entry, ending), draws: counted });
      return;
    }
    draws.forEach(({ plan, amount }, index) => {
      const source = from[index];
      if (source === undefined) return;
      shrink(source, amount);
      const row = rowAt(accountOf(plan.account), rowStart(plan));
      row.held += amount;
      journal.changed(row);
    });
    holds.set(id, hold);
    expiry.add(hold);
    journal.held(hold);
  }

  /** Whether that much is left of a hold taken in advance, in the same window. */
  function isCovered({ plan, amount }: HeldDraw, source: string | undefined): boolean {
    if (source === undefined) return plan.counting === 'call';
    const [held] = heldInAdvance(source)?.draws ?? [];
    return (
      held !== undefined &&
      held.amount >= amount &&
      held.plan.account === plan.account &&
      rowStart(held.plan) === rowStart(plan)
    );
  }

  /** One that is not there was given back, or has run out. */
  function heldInAdvance(id: string): Hold | undefined {
    const hold = holds.get(id);
    // Looking for its entry makes a store read what it has not read.
    if (hold === undefined) findEntry(id);
    return hold;
  }

  function shrink(id: string, amount: bigint): void {
    const hold = holds.get(id);
    const [draw] = hold?.draws ?? [];
    if (hold === undefined || draw === undefined) return;
    const smaller: Hold = { ...hold, draws: [{ ...draw, amount: draw.amount - amount }] };
    free(draw.plan, amount);
    holds.set(id, smaller);
    expiry.add(smaller);
    forgetOver();
    journal.shrunk(smaller);
  }

  function giveBack(id: string): void {
    begin();
    const hold = heldInAdvance(id);
    if (hold === undefined) return;
    for (const { plan, amount } of hold.draws) free(plan, amount);
    holds.delete(id);
    forgetOver();
    journal.ended(hold);
  }

  function free(plan: Plan, amount: bigint): void {
    const row = rowAt(accountOf(plan.account), rowStart(plan));
    row.held -= amount;
    journal.changed(row);
  }

  function settle(request: SettleRequest): EndResult {
    checkAmounts(request.amounts);
    const moment = begin();
    const hold = holds.get(request.id);
    if (hold === undefined) return settleAgainOrLate(request, moment);
    checkCount(request.amounts, hold.draws.length);
    const amounts = request.amounts.map(toSubunits);
    const overHold = hold.draws.some(
      ({ amount, plan }, index) => !gives(plan) && (amounts[index] ?? 0n) > amount,
    );
    const entry = endedEntry(request.entry, {
      id: hold.id,
      kind: 'settled',
      at: hold.atText,
      endedAt: instant(moment.wall),
      ...(overHold && { flags: [ledgerFlags.overHold] }),
    });
    finish(hold, amounts, entry, moment);
    return recorded(
      entry,
      hold.draws.map(({ plan }) => plan),
      amounts,
      moment,
    );
  }

  function settleAgainOrLate(request: SettleRequest, moment: Moment): EndResult {
    const first = findEntry(request.id);
    if (first === undefined) return unknownHold(request.id);
    checkCount(request.amounts, first.draws.length);
    const late = first.entry.kind === 'expired';
    const lateId = `${request.id}:late`;
    const before = late ? findEntry(lateId) : first;
    const amounts = request.amounts.map(toSubunits);
    const plans = first.draws.map((draw) => planOfEntry(draw, first.entry));
    if (before !== undefined) {
      const same =
        before.entry.kind === 'settled' &&
        before.draws.every(({ amount }, index) => gives(plans[index]) || amount === amounts[index]) &&
        sameContent(reportOf(before.entry), request.entry);
      if (!same) return hasEnded(before.entry);
      return recorded(before.entry, plans, amounts, moment);
    }
    const entry = endedEntry(request.entry, {
      id: lateId,
      kind: 'settled',
      at: first.entry.at,
      endedAt: instant(moment.wall),
      flags: [ledgerFlags.lateSettlement],
      corrects: request.id,
    });
    const draws = plans.map((plan, index) => countLate(plan, amounts[index] ?? 0n, moment));
    journal.recorded({ entry, draws });
    return recorded(entry, plans, amounts, moment);
  }

  /** Counts without a hold, in the window in which the call was admitted. */
  function countLate(plan: Plan, amount: bigint, moment: Moment): EntryDraw {
    const { limit } = plan.compiled;
    const counted = gives(plan) ? 0n : amount;
    const result = { limit, bucket: plan.bucket, row: rowStart(plan), amount: counted };
    if (plan.counting === 'call') return result;
    const row = rowAt(accountOf(plan.account), rowStart(plan));
    if (plan.counting === 'rate') enqueue(row, drainUs(plan, counted) ?? 0n, toMicroseconds(moment.steady));
    else row.settled += counted;
    journal.changed(row);
    return result;
  }

  function release(request: ReleaseRequest): EndResult {
    const moment = begin();
    const hold = holds.get(request.id);
    if (hold === undefined) {
      const first = findEntry(request.id);
      if (first === undefined) return unknownHold(request.id);
      const same = first.entry.kind === 'released' && sameContent(reportOf(first.entry), request.entry);
      if (!same) return hasEnded(first.entry);
      const plans = first.draws.map((draw) => planOfEntry(draw, first.entry));
      return recorded(first.entry, plans, [], moment);
    }
    const entry = endedEntry(request.entry, {
      id: hold.id,
      kind: 'released',
      at: hold.atText,
      endedAt: instant(moment.wall),
    });
    finish(hold, [], entry, moment);
    return recorded(
      entry,
      hold.draws.map(({ plan }) => plan),
      [],
      moment,
    );
  }

  function record(entry: LedgerEntry): EndResult {
    checkEntry(entry);
    const moment = begin();
    if (holds.has(entry.id)) return conflict(`Attempt "${entry.id}" holds and has not ended`);
    const known = findEntry(entry.id);
    if (known !== undefined) {
      if (!sameContent(known.entry, entry)) return conflict(`Entry "${entry.id}" exists with other content`);
      return recorded(
        known.entry,
        known.draws.map((draw) => planOfEntry(draw, known.entry)),
        [],
        moment,
      );
    }
    if (entry.corrects === undefined) {
      journal.recorded({ entry, draws: [] });
      return recorded(entry, [], [], moment);
    }
    const original = findEntry(entry.corrects);
    if (original === undefined) return unknownHold(entry.corrects);
    return recordCorrection(entry, original, moment);
  }

  /** The cost of a correction is what it changes the earlier cost by; it counts where that counted. */
  function recordCorrection(entry: LedgerEntry, original: RecordedEntry, moment: Moment): EndResult {
    const change = knownCost(entry);
    const draws: EntryDraw[] = [];
    const plans: Plan[] = [];
    if (change !== undefined) {
      const total = [original.entry, ...findCorrections(original.entry.id), entry]
        .map(knownCost)
        .filter((cost) => cost?.currency === change.currency)
        .reduce((sum, cost) => sum + (cost === undefined ? 0n : toSubunits(cost.amount)), 0n);
      if (total < 0n) return conflict(`Entry "${original.entry.id}" would come to less than nothing`);
      for (const draw of original.draws) {
        if (currencyOf(draw.limit) !== change.currency) continue;
        const plan = planOfEntry(draw, original.entry);
        plans.push(plan);
        draws.push(countLate(plan, toSubunits(change.amount), moment));
      }
    }
    journal.recorded({ entry, draws });
    return recorded(entry, plans, [], moment);
  }

  function planOfEntry({ limit, bucket, row }: EntryDraw, { at }: LedgerEntry): Plan {
    const admitted = Date.parse(at);
    return placed(planDraw({ limit, bucket }, { wall: admitted, steady: admitted }), row);
  }

  function recorded(
    entry: LedgerEntry,
    plans: readonly Plan[],
    amounts: readonly bigint[],
    moment: Moment,
  ): EndResult {
    const now = plans.map((plan) => planNow(plan, moment));
    return {
      result: 'recorded',
      entry,
      thresholds: thresholdsCrossed(now, moment),
      states: now.map((plan, index) =>
        plan.counting === 'call'
          ? presentState(plan, { capacity: plan.capacity, settled: amounts[index] ?? 0n, held: 0n })
          : stateOf(plan, moment),
      ),
    };
  }

  return {
    reserve,
    settle,
    release,
    record,
    adopt,
    giveBack,
    expire: () => sweep(clock()),
    states: (queries) => {
      const moment = begin();
      return queries.map((query) => stateOf(planDraw(query, moment), moment));
    },
    restore: (stored) => {
      const moment = clock();
      const hold: Hold = {
        ...stored,
        atText: instant(stored.at),
        // Whatever happened to the clock meanwhile, no hold outlives its own length.
        deadline: moment.steady + Math.min(stored.expiresAt - moment.wall, stored.expiresInMs),
        draws: stored.draws.map(({ limit, bucket, row, ...draw }) => ({
          ...draw,
          plan: placed(planDraw({ limit, bucket }, { wall: stored.at, steady: stored.at }), row),
        })),
      };
      holds.set(hold.id, hold);
      expiry.add(hold);
    },
    holds: () => holds.values(),
    account: (key) => accounts.get(key),
    forget: (isStored) => {
      for (const { rows } of accounts.values()) if (rows.size > 2 * newestRows) forgetRows(rows, isStored);
      if (accounts.size <= mostAccounts) return;
      for (const [key, { rows }] of accounts) {
        if ([...rows.values()].every(isStored)) accounts.delete(key);
      }
    },
    nextDeadline: expiry.nextDeadline,
    *rows() {
      for (const account of accounts.values()) yield* account.rows.values();
    },
  };
}

type Held = Extract<ReserveResult, { result: 'held' }>;

/** What a hold keeps from being used, as an entry would count it. */
export function heldAsCounted({ plan, amount }: HeldDraw): EntryDraw {
  return { limit: plan.compiled.limit, bucket: plan.bucket, row: rowStart(plan), amount };
}

/** The row once chosen stays, also when a time zone's rules change afterwards. */
function placed(plan: Plan, row: number): Plan {
  if (plan.counting !== 'sum' || plan.row === row) return plan;
  return { ...plan, row, from: plan.rolling === undefined ? row : plan.from };
}

function gives(plan: Plan | undefined): boolean {
  return plan?.counting === 'sum' && plan.givenBack;
}

function forgetRows(rows: Map<number, Row>, isStored: (row: Row) => boolean): void {
  const oldest = [...rows.keys()].sort((left, right) => left - right).slice(0, -newestRows);
  for (const start of oldest) {
    const row = rows.get(start);
    if (row !== undefined && isStored(row)) rows.delete(start);
  }
}

/** The rows of a rolling window are one window: what was told in any of them was told. */
function toldIn(account: Account, plan: SumPlan): number {
  return countedRows(plan, account).reduce((told, row) => Math.max(told, row.told), 0);
}

function toMicroseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000));
}

function conflict(message: string): Conflict {
  return { result: 'conflict', message };
}

function hasEnded({ id, kind }: LedgerEntry): Conflict {
  return { result: 'conflict', message: `Attempt "${id}" has ended as ${kind}`, endedAs: kind };
}

function unknownHold(id: string): EndResult {
  return { result: 'unknown_hold', message: `Nothing is held or recorded as "${id}"` };
}
