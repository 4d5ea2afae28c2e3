import { afterEach, beforeEach, describe } from 'vitest';
import type { Ledger } from '../ledger.ts';
import { testConcurrency } from './concurrency.ts';
import { testDurability } from './durability.ts';
import { testEndings } from './endings.ts';
import { testExpiry } from './expiry.ts';
import { testReading } from './reading.ts';
import { testReserve } from './reserve.ts';
import { startOfTest, type TestClock, testClock } from './samples.ts';
import { testWindows } from './windows.ts';

/** A driver under test. */
export interface LedgerDriver {
  readonly name: string;
  /** Whether what was recorded is there when the ledger is closed and opened again. */
  readonly keeps: 'nothing' | 'everything';
  /** Whether several ledgers may be open on one store at once. */
  readonly writers: 'one' | 'many';
  /** A store that nobody else uses, with nothing in it. */
  readonly createStore: () => Promise<LedgerStore>;
}

export interface LedgerStore {
  /** Opens a ledger on the store, which may have one open already when it takes several writers. */
  readonly open: (options: { readonly now: () => Date }) => Promise<Ledger>;
  readonly remove: () => Promise<void>;
}

/** What each part of the suite works with; anew for every test. */
export interface Bench {
  readonly driver: LedgerDriver;
  readonly store: () => LedgerStore;
  readonly ledger: () => Ledger;
  readonly clock: () => TestClock;
  /** Closes the ledger and opens it again. */
  readonly reopen: () => Promise<void>;
}

/**
 * Everything that a ledger promises, whatever it is stored in. Every driver runs the same suite.
 */
export function testLedgerDriver(driver: LedgerDriver): void {
  describe(`ledger on ${driver.name}`, () => {
    let store: LedgerStore;
    let ledger: Ledger;
    let clock: TestClock;

    beforeEach(async () => {
      clock = testClock(startOfTest);
      store = await driver.createStore();
      ledger = await store.open({ now: clock.now });
    });

    afterEach(async () => {
      await ledger.close();
      await store.remove();
    });

    const bench: Bench = {
      driver,
      store: () => store,
      ledger: () => ledger,
      clock: () => clock,
      reopen: async () => {
        await ledger.close();
        ledger = await store.open({ now: clock.now });
      },
    };
    testReserve(bench);
    testEndings(bench);
    testExpiry(bench);
    testWindows(bench);
    testConcurrency(bench);
    testReading(bench);
    if (driver.keeps === 'everything') testDurability(bench);
  });
}
