import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attribution,
  type CallGovernor,
  currentAttribution,
  mergeAttribution,
  type Provider,
  withAttribution,
} from '@genops/core';

const instrumented: unique symbol = Symbol.for('@genops/skyrouter-fetch') as never;

type Fetch = typeof globalThis.fetch;
type InstrumentedFetch = Fetch & { readonly [instrumented]: { readonly original: Fetch; active: boolean } };

export interface AutoInstrumentOptions {
  /** Knows the provider: it stands in its `providers`. */
  readonly governor: CallGovernor;
  /** `createSkyRouter({ baseUrl })`. */
  readonly provider: Provider;
  /** Of every call that is made without attributes of its own. */
  readonly attribution?: Attribution;
}

/**
 * Governs every call to SkyRouter that this process makes with the global `fetch`, without a change to the
 * code that makes it. Clients made before keep the `fetch` they have. Done again, it replaces what was there.
 * All known providers at once: `@genops/register`.
 *
 * @returns a function that ends it, as {@link restoreSkyRouter} does
 */
export function autoInstrument({ governor, provider, attribution = {} }: AutoInstrumentOptions): () => void {
  restoreSkyRouter();
  const original = globalThis.fetch;
  const state = { original, active: true };
  const inside = new AsyncLocalStorage<true>();
  const fetch: Fetch = (input, init) => {
    const url = typeof input === 'object' && 'url' in input ? input.url : String(input);
    const isOurs = url.startsWith(provider.baseUrl) && /^[/?]?$/.test(url[provider.baseUrl.length] ?? '');
    // What the governor sends goes out with this very fetch.
    if (!state.active || !isOurs || inside.getStore()) return original(input, init);
    const attributed = mergeAttribution(attribution, currentAttribution());
    return inside.run(true, () => withAttribution(attributed, () => governor.fetch(input, init)));
  };
  globalThis.fetch = Object.assign(fetch, { [instrumented]: state });
  return () => restore(globalThis.fetch, state);
}

/** Ends {@link autoInstrument}; without it, does nothing. */
export function restoreSkyRouter(): void {
  const state = (globalThis.fetch as Partial<InstrumentedFetch>)[instrumented];
  if (state !== undefined) restore(globalThis.fetch, state);
}

/** Where somebody else has wrapped our `fetch` since, it stays in place and does nothing more. */
function restore(current: Fetch, state: InstrumentedFetch[typeof instrumented]): void {
  state.active = false;
  if ((current as Partial<InstrumentedFetch>)[instrumented] === state) globalThis.fetch = state.original;
}
