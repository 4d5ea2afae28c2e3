import { type CallGovernor, type LedgerEntry, type Money, sumMoney } from '@genops/core';

/** What a call came to, as it was booked. */
export interface Settled {
  readonly usage?: LedgerEntry['usage'];
  /** Of all its attempts; absent when nobody knows. */
  readonly cost?: Money;
}

/** Waits for what is booked of one streamed call. */
export interface Settlement {
  /** Which call it is, by `x-genops-request-id`. */
  of(requestId: string | null): void;
  /** What was booked. Comes back with nothing when the ledger takes too long. */
  settled(): Promise<Settled>;
  /** Stops listening. */
  end(): void;
}

/** After that long nobody waits any more; the call is booked all the same. */
const patienceMs = 10_000;

/** Listens from now on. A call can be booked before its caller knows which it is. */
export function listenForSettlement(governor: Pick<CallGovernor, 'on'>): Settlement {
  let requestId: string | undefined;
  let entries: LedgerEntry[] = [];
  let onBooked = (): void => {};
  const isIt = (entry: LedgerEntry): boolean => requestId === undefined || entry.operationId === requestId;
  const end = governor.on((event) => {
    if (event.kind !== 'settled' || !event.call.stream || !isIt(event.entry)) return;
    entries.push(event.entry);
    if (requestId !== undefined) onBooked();
  });
  return {
    of: (id) => {
      requestId = id ?? '';
      entries = entries.filter(isIt);
    },
    settled: async () => {
      if (entries.length === 0 && requestId !== '') {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, patienceMs);
          timer.unref();
          onBooked = () => {
            clearTimeout(timer);
            // The other attempts of the call are told of in the same breath.
            setImmediate(resolve);
          };
        });
      }
      end();
      return summed(entries);
    },
    end,
  };
}

function summed(entries: readonly LedgerEntry[]): Settled {
  const usage = entries.at(-1)?.usage;
  const costs = entries.map(({ cost }) => (cost.result === 'priced' ? cost.total : undefined));
  const known = costs.filter((cost) => cost !== undefined);
  return {
    ...(usage !== undefined && { usage }),
    ...(known.length > 0 && known.length === costs.length && { cost: sumMoney(known, known[0]?.currency) }),
  };
}
