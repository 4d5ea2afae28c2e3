import type { CompiledLimit, LimitCompiler } from './compiled-limit.ts';
import type { Span, WindowFinder } from './window.ts';

/**
 * What a store has to do for one draw, in whole numbers: every question about calendars is answered before
 * the store is asked, so that each store only adds and compares.
 */
export type Plan = SumPlan | RatePlan | CallPlan;

interface PlanBase {
  readonly compiled: CompiledLimit;
  readonly bucket: string;
  /** Names the counters that this draw counts on; each of their rows is told apart by its start. */
  readonly account: string;
  /** Of the window, as it is shown. */
  readonly span: Span;
  /** What may be used in the window, before roll-over. */
  readonly capacity: bigint;
}

/** What is settled and held in the rows from `from` on may not exceed the capacity. */
export interface SumPlan extends PlanBase {
  readonly counting: 'sum';
  /** The row that is counted on. */
  readonly row: number;
  /** The first row that still counts; the same as `row` but for rolling windows. */
  readonly from: number;
  /** For rolling windows: milliseconds from one row to the next, and those that a row stays counted after its start. */
  readonly rolling?: { readonly stepMs: number; readonly rowLifeMs: number };
  /** With roll-over: the window before. */
  readonly before?: { readonly row: number; readonly capacity: bigint };
  /** What is released at the end of the call, such as a place among concurrent calls. */
  readonly givenBack: boolean;
}

/** A queue that empties at a steady rate (GCRA); time is counted in microseconds. */
export interface RatePlan extends PlanBase {
  readonly counting: 'rate';
  /** The time in which `perPeriod` drains. */
  readonly periodUs: bigint;
  readonly perPeriod: bigint;
  /** How far the queue may reach into the future. */
  readonly toleranceUs: bigint;
}

/** Each call by itself: nothing is counted. */
export interface CallPlan extends PlanBase {
  readonly counting: 'call';
}

/** The store's clocks at one moment, in milliseconds since 1970. */
export interface Moment {
  /** Of the day: decides calendar windows. May be set. */
  readonly wall: number;
  /** Runs evenly and is never set back: decides what has expired and how fast rates drain. */
  readonly steady: number;
}

export type DrawPlanner = (target: PlanTarget, moment: Moment) => Plan;

export interface PlanTarget {
  readonly limit: CompiledLimit['limit'];
  readonly bucket: string;
}

/** Rows that a rolling window is made of; it forgets in steps of this fraction of its length. */
export const rollingRows = 60;

export function createDrawPlanner(compile: LimitCompiler, windowAt: WindowFinder): DrawPlanner {
  return ({ limit, bucket }, moment) => {
    const compiled = compile(limit);
    const { window, unit } = limit;
    const base = {
      compiled,
      bucket,
      account: compiled.accountPrefix + bucket,
      capacity: compiled.capacityAt(moment.wall),
    };
    const whole = { ...base, counting: 'sum', span: {}, row: 0, from: 0, givenBack: false } as const;
    if (unit === 'concurrency') return { ...whole, givenBack: true };
    switch (window.kind) {
      case 'request':
        return { ...base, counting: 'call', span: {} };
      case 'rate': {
        const periodUs = BigInt(Math.round(window.seconds * 1_000_000));
        const burst = compiled.burst ?? base.capacity;
        return {
          ...base,
          counting: 'rate',
          span: {},
          capacity: burst,
          periodUs,
          perPeriod: base.capacity,
          toleranceUs: base.capacity === 0n ? 0n : (burst * periodUs) / base.capacity,
        };
      }
      case 'rolling': {
        const lengthMs = Math.round(window.seconds * 1000);
        const stepMs = Math.max(1, Math.ceil(lengthMs / rollingRows));
        const row = Math.floor(moment.steady / stepMs) * stepMs;
        return {
          ...whole,
          span: rollingSpan(moment.steady - lengthMs),
          row,
          // The first row whose end lies in the window.
          from: Math.floor((moment.steady - lengthMs) / stepMs) * stepMs,
          rolling: { stepMs, rowLifeMs: stepMs + lengthMs },
        };
      }
      case 'calendar':
      case 'fixed': {
        const span = windowAt(window, moment.wall);
        const row = span.start ?? 0;
        const plan = { ...whole, span, row, from: row };
        if (compiled.rollOverUpTo === 0n) return plan;
        const before = windowAt(window, row - 1).start ?? 0;
        return { ...plan, before: { row: before, capacity: compiled.capacityAt(row - 1) } };
      }
      default:
        return whole;
    }
  };
}

/** Whether everything is released at the end of the call, whatever it came to. */
export function givesBack(plan: Plan | undefined): boolean {
  return plan?.counting === 'sum' && plan.givenBack;
}

/** Which row a plan counts on. */
export function rowStart(plan: Plan): number {
  return plan.counting === 'sum' ? plan.row : 0;
}

function rollingSpan(start: number): Span {
  return { start, windowStart: new Date(start).toISOString() };
}
