import type { Ledger } from '@genops/ledger';

/**
 * A ledger that is opened when it is first needed, so that a program which makes no call touches no file.
 * Opening that failed is tried again with the next call.
 */
export function deferLedger(driver: string, open: () => Promise<Ledger>): Ledger {
  let opening: Promise<Ledger> | undefined;
  const opened = (): Promise<Ledger> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    driver,
    reserve: async (request) => (await opened()).reserve(request),
    settle: async (request) => (await opened()).settle(request),
    release: async (request) => (await opened()).release(request),
    record: async (entry) => (await opened()).record(entry),
    expire: async () => (opening === undefined ? { expired: 0 } : (await opening).expire()),
    states: async (limits) => (await opened()).states(limits),
    entries: async (query) => (await opened()).entries(query),
    sum: async (query) => (await opened()).sum(query),
    verify: async (options) => (await opened()).verify(options),
    close: async () => {
      const last = opening;
      opening = undefined;
      await (await last)?.close();
    },
  };
}
