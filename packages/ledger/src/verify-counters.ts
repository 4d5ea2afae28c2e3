import type { Row } from './account.ts';
import type { EntryDraw } from './book/journal.ts';
import { createLimitCompiler } from './compiled-limit.ts';
import { subunitsToText } from './subunits.ts';

/** Counts again from entries and holds, and says which counters differ from that. */
export interface CounterCheck {
  readonly addEntry: (draws: readonly EntryDraw[]) => void;
  readonly addHold: (draws: readonly EntryDraw[]) => void;
  /** What entries that were taken out had counted. */
  readonly addRetired: (account: string, start: number, settled: bigint) => void;
  /** What every counter should be, but for those of rates. */
  readonly expected: () => CountedRow[];
  /** Sentences, one for each row that differs. */
  readonly compare: (rows: Iterable<Row>) => string[];
}

/** A row of a counter, as it was counted again. */
export interface CountedRow {
  readonly account: string;
  readonly start: number;
  settled: bigint;
  held: bigint;
}

export function createCounterCheck(): CounterCheck {
  const compile = createLimitCompiler();
  const expected = new Map<string, CountedRow>();

  function rowFor({ limit, bucket, row: start }: EntryDraw): CountedRow {
    return rowAt(compile(limit).accountPrefix + bucket, start);
  }

  function rowAt(account: string, start: number): CountedRow {
    const key = `${account}@${start}`;
    let row = expected.get(key);
    if (row === undefined) {
      row = { account, start, settled: 0n, held: 0n };
      expected.set(key, row);
    }
    return row;
  }

  return {
    addEntry: (draws) => {
      for (const draw of draws) if (isCounted(draw)) rowFor(draw).settled += draw.amount;
    },
    addHold: (draws) => {
      for (const draw of draws) if (isCounted(draw)) rowFor(draw).held += draw.amount;
    },
    addRetired: (account, start, settled) => {
      rowAt(account, start).settled += settled;
    },
    expected: () => [...expected.values()],
    compare: (rows) => {
      const findings: string[] = [];
      for (const { account, start, settled, held } of rows) {
        if (isOfRate(account)) continue;
        const counted = expected.get(`${account}@${start}`) ?? { settled: 0n, held: 0n };
        expected.delete(`${account}@${start}`);
        if (counted.settled !== settled)
          findings.push(differs(account, start, 'settled', settled, counted.settled));
        if (counted.held !== held) findings.push(differs(account, start, 'held', held, counted.held));
      }
      for (const [key, { settled, held }] of expected) {
        if (settled !== 0n || held !== 0n)
          findings.push(
            `Counter ${key} is missing; entries say ${subunitsToText(settled)} settled and ${subunitsToText(held)} held`,
          );
      }
      return findings;
    },
  };
}

/** Rates forget as time goes by, and limits on single calls count nothing. */
function isCounted({ limit }: EntryDraw): boolean {
  return limit.unit === 'concurrency' || (limit.window.kind !== 'rate' && limit.window.kind !== 'request');
}

/** Accounts name their kind of window; rates cannot be counted again. */
export function isOfRate(account: string): boolean {
  return account.includes('|rate|');
}

function differs(account: string, start: number, what: string, counter: bigint, counted: bigint): string {
  return `Counter ${account}@${start} has ${subunitsToText(counter)} ${what}; entries and holds say ${subunitsToText(counted)}`;
}
