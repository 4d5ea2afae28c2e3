import { dirname, join } from 'node:path';
import type { GovernorListener } from '@genops/core';
import { createDirectory, createGovernor, type Governor } from '@genops/governor';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { createLiveLists, createPricing, type LiveLists, type LivePrices } from '@genops/pricing';
import { createDebugListener } from '@genops/telemetry/debug';
import { deferLedger } from './deferred-ledger.ts';
import { governHttp2, type Http2Governance } from './govern-http2.ts';
import { patchFetch } from './patch-fetch.ts';
import { patchHttp2 } from './patch-http2.ts';
import type { Settings, SettingsInput } from './settings.ts';
import { createZeroCodeTelemetry, type ZeroCodeTelemetry } from './telemetry.ts';

type Fetch = typeof globalThis.fetch;

/** Governance of this process's global `fetch` and its HTTP/2, until it is stopped. */
export interface Registration {
  /** What the program itself said. */
  readonly input: SettingsInput;
  /** What it goes by now, wherever that was said. */
  readonly settings: Settings;
  /** For questions to the ledger, and for clients that are wrapped one by one. */
  readonly governor: Governor;
  /** Goes by something else from the next call on. What was spent stays spent. */
  change(settings: Settings, input: SettingsInput): void;
  /** Hears of every call from now on, also after a change. @returns a function that ends it */
  on(listener: GovernorListener): () => void;
  /** Gives `fetch` and HTTP/2 back and closes the ledger. */
  stop(): Promise<void>;
}

const registrationSymbol = Symbol.for('@genops/registration');
const holder = globalThis as { [registrationSymbol]?: Registration };

/** The one of this process, whichever copy of this package made it. */
export function currentRegistration(): Registration | undefined {
  return holder[registrationSymbol];
}

/**
 * Governs the calls to known providers that go through the global `fetch`, and by HTTP/2 as the AWS SDK's do;
 * all others pass as they come.
 */
export function register(settings: Settings, input: SettingsInput): Registration {
  const ledgers = createLedgers();
  const listeners = new Set<GovernorListener>();
  const telemetry = createReplaceableTelemetry();
  const onExit = (): void => {
    void telemetry.close();
    void ledgers.close();
  };
  let original: Fetch = globalThis.fetch;
  let current = { settings, input };

  const listOf = createLiveLists({
    fetch: (input, init) => original(input, init),
    // A short program would otherwise ask for it each time that it is started.
    ...(settings.ledger !== 'memory' && {
      cacheFile: join(dirname(settings.ledger), 'openrouter-prices.json'),
    }),
    onError: (error) => process.emitWarning(String(error), { code: 'GENOPS_PRICES' }),
  });

  const start = ({
    providers,
    policy,
    mode,
    attribution,
    prices,
    livePrices,
    ledger,
    onUnknownRoute,
    debug,
    telemetry: telemetryInput,
  }: Settings): Governor => {
    const telling = telemetry.by(telemetryInput);
    const governor = createGovernor({
      providers,
      policy,
      mode,
      attribution,
      pricing: createPricing({ overrides: prices, live: livePricesOf({ livePrices, providers }, listOf) }),
      // Closed with the registration: the next governor goes on with it.
      ledger: { ...ledgers.at(ledger, mode), close: async () => {} },
      onUnknownProvider: 'pass',
      onUnknownRoute,
      // The SDKs, whose clients are not ours to change, try again themselves.
      routing: false,
      fetch: (input, init) => original(input, init),
    });
    governor.on((event) => {
      for (const listener of listeners) listener(event);
    });
    if (debug) governor.on(createDebugListener((line) => process.stderr.write(line)));
    if (telling !== undefined) governor.on(telling);
    return governor;
  };
  let governor = start(settings);
  const governance = ({ providers, onUnknownRoute }: Settings): Http2Governance => ({
    directory: createDirectory(providers),
    governor,
    onUnknownRoute,
  });
  let overHttp2 = governance(settings);
  const patch = patchFetch((found) => {
    original = found;
    return (input, init) => governor.fetch(input, init);
  });
  const http2Patch = patchHttp2((request) => governHttp2(overHttp2, request));
  process.on('beforeExit', onExit);

  const registration: Registration = {
    get input() {
      return current.input;
    },
    get settings() {
      return current.settings;
    },
    get governor() {
      return governor;
    },
    change: (changed, changedInput) => {
      const former = governor;
      governor = start(changed);
      overHttp2 = governance(changed);
      current = { settings: changed, input: changedInput };
      void former.close();
    },
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => {
      patch.undo();
      http2Patch.undo();
      process.off('beforeExit', onExit);
      if (holder[registrationSymbol] === registration) delete holder[registrationSymbol];
      await telemetry.close();
      await governor.close();
      await ledgers.close();
    },
  };
  holder[registrationSymbol] = registration;
  return registration;
}

/** Lists of providers that are governed, at the address that was chosen for each. */
export function livePricesOf(
  { livePrices, providers }: Pick<Settings, 'livePrices' | 'providers'>,
  listOf: LiveLists,
): readonly LivePrices[] {
  return livePrices.flatMap((name) => {
    const provider = providers.findLast(({ id }) => id === name);
    return provider === undefined ? [] : [listOf(name, provider.baseUrl)];
  });
}

function warn(message: string): void {
  process.emitWarning(message, { code: 'GENOPS_TELEMETRY' });
}

/** Telemetry that goes on as it is while nobody says anything else of it. */
interface ReplaceableTelemetry {
  /** @throws {ConfigurationError} as it begins; what there was goes on then */
  by(input: Settings['telemetry']): GovernorListener | undefined;
  close(): Promise<void>;
}

function createReplaceableTelemetry(): ReplaceableTelemetry {
  let current: { readonly said: string; readonly telemetry: ZeroCodeTelemetry } | undefined;
  return {
    by: (input) => {
      const said = JSON.stringify(input);
      if (current?.said === said) return current.telemetry.listener;
      const former = current;
      current =
        input === false ? undefined : { said, telemetry: createZeroCodeTelemetry(input, process.env, warn) };
      void former?.telemetry.close();
      return current?.telemetry.listener;
    },
    close: async () => {
      await current?.telemetry.close();
    },
  };
}

interface Ledgers {
  at(place: string, mode: Settings['mode']): Ledger;
  close(): Promise<void>;
}

/** One ledger for each place, so that a change of settings loses no balance and opens no file twice. */
function createLedgers(): Ledgers {
  const byPlace = new Map<string, Ledger>();
  return {
    at: (place, mode) => {
      let ledger = byPlace.get(place);
      if (ledger === undefined) {
        ledger = place === 'memory' ? createMemoryLedger() : deferLedger('sqlite', () => open(place, mode));
        byPlace.set(place, ledger);
      }
      return ledger;
    },
    close: async () => {
      await Promise.all([...byPlace.values()].map((ledger) => ledger.close()));
    },
  };
}

/** Whoever only observes goes on without a file; money that is enforced fails closed. */
async function open(path: string, mode: Settings['mode']): Promise<Ledger> {
  try {
    return await openSqliteLedger({ path });
  } catch (error) {
    if (mode === 'enforce') throw error;
    const message = error instanceof Error ? error.message : String(error);
    process.emitWarning(`Calls are recorded in memory only: ${message}`, { code: 'GENOPS_LEDGER' });
    return createMemoryLedger();
  }
}
