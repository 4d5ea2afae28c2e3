import { amountOf, type LedgerEntry, type Provider } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { type FakeUpstream, startFakeUpstream, type WireFormat } from '@genops/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

/** A fake upstream for a whole file, and a governor in front of it that is new for each test. */
export interface Governed {
  readonly upstream: FakeUpstream;
  readonly governor: Governor;
  /** Puts another governor in its place, under one limit for all calls. */
  limitTo(amount: string): Promise<void>;
  entries(): Promise<readonly LedgerEntry[]>;
}

/**
 * Sets up for every test of the file, and takes down after it; an error that no caller could be told of
 * fails the test.
 *
 * @param providers - at the address of the fake upstream
 */
export function governedAgainst(
  formats: readonly [WireFormat, ...WireFormat[]],
  providers: (upstream: FakeUpstream) => readonly Provider[],
): Governed {
  let upstream: FakeUpstream;
  let governor: Governor;
  const errors: unknown[] = [];
  const govern = (limit?: string): void => {
    governor = createGovernor({
      providers: providers(upstream),
      ledger: createMemoryLedger(),
      onError: (error) => errors.push(error),
      ...(limit !== undefined && { policy: { limits: [{ id: 'cap', amount: limit, window: 'lifetime' }] } }),
    });
  };

  beforeAll(async () => {
    upstream = await startFakeUpstream({ formats });
  });
  afterAll(() => upstream.close());
  beforeEach(() => govern());
  afterEach(async () => {
    await governor.close();
    upstream.reset();
    expect(errors.splice(0)).toEqual([]);
  });

  return {
    get upstream() {
      return upstream;
    },
    get governor() {
      return governor;
    },
    async limitTo(amount) {
      await governor.close();
      govern(amount);
    },
    entries: async () => (await governor.ledger.entries()).entries,
  };
}

/** What an entry came to, as exact decimal text; `undefined` when that is not known. */
export function totalOf(entry: LedgerEntry | undefined): string | undefined {
  return entry?.cost.result === 'priced' ? amountOf(entry.cost.total) : undefined;
}
