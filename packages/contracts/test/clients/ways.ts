import type { LedgerEntry } from '@genops/core';
import { createGovernor, type Governor, type GovernorOptions } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { init, shutdown } from '@genops/register/api';
import type { Governable, Place } from './official-client.ts';

type PolicyInput = NonNullable<GovernorOptions['policy']>;

/** A client at the fake upstream, governed or not, and what was recorded of its calls. */
export interface Governance<Client> {
  readonly client: Client;
  entries(): Promise<readonly LedgerEntry[]>;
  /** @throws when an error came up that no caller could be told of */
  end(): Promise<void>;
}

/** Makes a client that is governed in one way. */
export type Way = <Sdk, Client>(
  governable: Governable<Sdk, Client>,
  sdk: Sdk,
  place: Place,
) => Governance<Client>;

/** By nobody. */
export const ungoverned: Way = (governable, sdk, place) => ({
  client: governable.bare(sdk, place),
  entries: async () => [],
  end: async () => {},
});

/** By a governor that the application made, and handed to the client as the adapter says. */
export const byHand: Way = byHandUnder({});

/** The same, where calls have to fit into something. */
export function byHandUnder(policy: PolicyInput): Way {
  return (governable, sdk, place) => {
    const errors: unknown[] = [];
    const governor = createGovernor({
      providers: [governable.provider(place.url)],
      ledger: createMemoryLedger(),
      policy,
      onError: (error) => errors.push(error),
    });
    return {
      client: governable.governed(sdk, place, governor),
      entries: () => entriesOf(governor),
      end: async () => {
        await governor.close();
        if (errors.length > 0) throw new AggregateError(errors, 'The governor could not tell of errors');
      },
    };
  };
}

/** By `init()` alone: the client knows of nothing. */
export const byZeroCode: Way = byZeroCodeUnder({});

/** The same, where calls have to fit into something. */
export function byZeroCodeUnder(policy: PolicyInput): Way {
  return (governable, sdk, place) => {
    const { governor } = init(
      { providers: [governable.provider(place.url)], policy, ledger: 'memory', telemetry: false },
      { environment: {}, directory: import.meta.dirname },
    );
    return { client: governable.bare(sdk, place), entries: () => entriesOf(governor), end: shutdown };
  };
}

async function entriesOf({ ledger }: Governor): Promise<readonly LedgerEntry[]> {
  return (await ledger.entries()).entries;
}

/** What two entries of the same call have in common: all but ids that are new each time, and instants. */
export function comparable({ id: _, operationId: __, at: ___, endedAt: ____, ...entry }: LedgerEntry) {
  return entry;
}
