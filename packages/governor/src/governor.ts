import { randomUUID } from 'node:crypto';
import {
  type Attribution,
  ConfigurationError,
  checkAttribution,
  type GovernorEvent,
  type GovernorListener,
  type LedgerEntry,
  type Limit,
  type ModelAt,
  type Provider,
  type RankedModel,
  type RankQuestion,
  type Session,
  type SessionOptions,
  type UploadFormat,
  type UsageRecord,
  withBaseUrl,
} from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import {
  type CompiledPolicy,
  compilePolicy,
  type Policy,
  type PolicyInput,
  parsePolicy,
} from '@genops/policy';
import { createPricing, type Pricing } from '@genops/pricing';
import { createRouter, type Router } from '@genops/router';
import { createDirectory, type Directory } from './directory.ts';
import { pricedAt } from './estimate.ts';
import { createGovernedFetch } from './fetch.ts';
import { createFiles, readUpload, type UploadReader } from './files.ts';
import { govern } from './govern.ts';
import { createLimitsInForce } from './limits-in-force.ts';
import type { GovernedRequest, Line, LineOptions } from './line.ts';
import { createMirrors } from './mirror.ts';
import { type Quote, quote } from './quote.ts';
import { createRanker } from './rank/rank.ts';
import { recordUsage } from './record-usage.ts';
import { createResultsReader, type FoundResults, type ResultsReader } from './results/results-reader.ts';
import { createRouteLookup, type RoutingOptions } from './routes.ts';
import { createSessions } from './sessions/sessions.ts';
import { timeOrderedUuid } from './time-ordered-uuid.ts';
import type { Client, Transport } from './transport.ts';

export interface GovernorOptions {
  /** The providers whose calls are governed, such as `openai` of `@genops/openai`. */
  readonly providers: readonly Provider[];
  /** Limits and rules. @default none: every call is recorded, none refused */
  readonly policy?: PolicyInput;
  /** Where holds and entries live. @default in memory, gone with the process */
  readonly ledger?: Ledger;
  /** What prices calls. @default the bundled catalogue */
  readonly pricing?: Pricing;
  /** What every call says of itself unless it says otherwise. */
  readonly attribution?: Attribution;
  /**
   * `observe` never refuses: every limit and rule counts as if in shadow, breakers and constraints keep
   * nothing back, and a call goes out also when the ledger does not answer.
   *
   * @default 'enforce'
   */
  readonly mode?: 'enforce' | 'observe';
  /** What happens to calls that are not known: other hosts, other paths of a known host. @default 'refuse' */
  readonly onUnknownRoute?: 'refuse' | 'pass';
  /** What happens to calls of other hosts, where that is something else. @default `onUnknownRoute` */
  readonly onUnknownProvider?: 'refuse' | 'pass';
  /** What makes the calls. @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * Where calls may go besides where they were addressed to, in what order, and how often. `false`: each is
   * attempted once, where it was addressed to, and no breaker keeps any back.
   *
   * @default `{}`: where it was addressed to, and there again when that failed in a way that makes it worth
   *   while and that cannot cost twice
   */
  readonly routing?: RoutingOptions | false;
  /** Of a call, all attempts and the answer included. @default 600_000 */
  readonly timeoutMs?: number;
  /** Of a stream: the longest silence between two chunks. @default 120_000 */
  readonly idleTimeoutMs?: number;
  /** How much longer than an attempt its hold lives, should nobody end it. @default 60_000 */
  readonly holdGraceMs?: number;
  /** @default 33_554_432 */
  readonly maxRequestBytes?: number;
  /** Of an answer that is not a stream. @default 134_217_728 */
  readonly maxAnswerBytes?: number;
  /** Takes errors that no caller can be told of. @default a process warning */
  readonly onError?: (error: unknown) => void;
  readonly now?: () => Date;
  readonly newId?: () => string;
}

/** Governs calls: each is attributed, allowed or refused, sent, priced and recorded. */
export interface Governor {
  /** Takes the place of `fetch`, for any client that lets its `fetch` be given. */
  readonly fetch: typeof globalThis.fetch;
  /**
   * The same client, governed, with retries left to the governor.
   *
   * @param options.provider - who answers at the client's address, where that is not a known one
   * @throws {ConfigurationError} when no provider is known at the client's address
   */
  wrap<SdkClient extends WrappableClient>(
    client: SdkClient,
    options?: { readonly provider?: Provider },
  ): SdkClient;
  /** The line itself, for transports of one's own. */
  govern(request: GovernedRequest, transport: Transport, client: Client): Promise<void>;
  /**
   * Adds limits for all calls to come. What the policy says stays: limits can be added, never loosened.
   *
   * @returns a function that takes them away again; what was counted stays counted
   * @throws {ConfigurationError} when a limit is not well-formed
   */
  addLimits(limits: readonly Limit[]): () => void;
  /** Runs `action`; calls made inside it, also after an `await`, draw on these limits too. */
  withLimits<Result>(limits: readonly Limit[], action: () => Result): Result;
  /** Begins a session: calls that belong together, with one report and perhaps a budget. */
  startSession(options?: SessionOptions): Session;
  /**
   * Books a call that was made elsewhere: priced, counted on every limit, recorded. No limit refuses it.
   *
   * @throws {UsageError} for counters that cannot be
   */
  recordUsage(record: UsageRecord): Promise<LedgerEntry>;
  /**
   * What a request would come to if it were sent now, and what the rules say of it. Nothing is sent or held.
   *
   * @throws {InvalidRequestError} when nobody could serve it
   */
  quote(request: GovernedRequest): Quote;
  /** Reads results of work that was ordered before, for transports of one's own. */
  readResults(found: FoundResults): ResultsReader;
  /**
   * Reads an upload that an order may name later, for transports of one's own.
   *
   * @returns what takes the answer to it, when that has come; `undefined` where it is no order
   */
  readUpload(upload: UploadFormat, body: Uint8Array, contentType?: string): UploadReader | undefined;
  /** Orders places that could serve a request by what it will probably cost there and by how each did so far. */
  rank(question: RankQuestion): readonly RankedModel[];
  /** @returns a function that ends it */
  on(listener: GovernorListener): () => void;
  /** Keys, breakers, strategies, and what was measured. */
  readonly router: Router;
  readonly ledger: Ledger;
  readonly pricing: Pricing;
  readonly policy: Policy;
  /** Stops the sweep and copies of calls that are under way, and closes the ledger. */
  close(): Promise<void>;
}

/** What the official SDK clients have in common. */
export interface WrappableClient {
  readonly baseURL: string;
  withOptions(options: { readonly fetch: typeof globalThis.fetch; readonly maxRetries: number }): unknown;
}

/** How often holds that nobody ended are looked for. */
const sweepEveryMs = 1_000;
/** How often replicas tell one another what is out. */
const exchangeEveryMs = 1_000;

/**
 * Makes a governor.
 *
 * @throws {ConfigurationError} when the policy, the attributes or the providers are not well-formed
 */
export function createGovernor(options: GovernorOptions): Governor {
  const listeners = new Set<GovernorListener>();
  const onError = guarded(options.onError ?? warn);
  const ledger = options.ledger ?? createMemoryLedger();
  const policy = policyFor(parsePolicy(options.policy ?? {}), options.mode ?? 'enforce');
  if (options.ledger === undefined) warnOfMemory(policy);
  const now = options.now ?? (() => new Date());
  const limits = createLimitsInForce(policy, options.mode ?? 'enforce');
  const sessions = createSessions({
    limits,
    fetch: () => governedFetch,
    now,
    newId: () => `session_${randomUUID()}`,
  });
  const pricing = options.pricing ?? createPricing();
  const recordOf = new Map(options.providers.map((provider) => [provider.id, provider]));
  const priceListOf = (place: ModelAt): ModelAt => {
    const provider = recordOf.get(place.provider);
    return provider === undefined ? place : pricedAt(provider, place.model);
  };
  const routing: RoutingOptions = options.routing === false ? { maxAttempts: 1 } : (options.routing ?? {});
  const keepsBack = options.routing !== false && options.mode !== 'observe';
  const tell = (event: GovernorEvent): void => announce(listeners, event, onError);
  const router = createRouter({
    ...routing,
    ...(!keepsBack && { breaker: { ...routing.breaker, failures: Number.POSITIVE_INFINITY } }),
    nowMs: () => now().getTime(),
    onTransition: (transition) => {
      routing.onTransition?.(transition);
      const { entityType: kind, entityId: keyId, timestamp: at, ...change } = transition;
      tell({ kind, keyId, at, ...change });
    },
    onBreaker: (change) => {
      routing.onBreaker?.(change);
      tell(change);
    },
  });
  const newId = options.newId ?? (() => `op_${timeOrderedUuid(now())}`);
  const rank = createRanker({ router, pricing, pricedAt: priceListOf, now, newId });
  const mirrors = createMirrors({ govern });
  const closing = new AbortController();
  const line: Line = {
    policy,
    limits,
    ledger,
    pricing,
    router,
    routesFor: createRouteLookup(routing.routes ?? [], options.providers),
    pricedAt: priceListOf,
    attribution: checkAttribution(options.attribution ?? {}),
    options: lineOptions(options),
    now,
    newId,
    files: createFiles(),
    mirrors,
    track: sessions.track,
    closed: closing.signal,
    announce: (event) => {
      sessions.note(event);
      tell(event);
    },
    onError,
  };
  const sweep = setInterval(() => void ledger.expire().catch(onError), sweepEveryMs);
  sweep.unref();
  const replica = randomUUID();
  const { shared } = routing;
  const meeting =
    shared &&
    setInterval(
      () => void router.exchange(shared.store, replica).catch(onError),
      shared.everyMs ?? exchangeEveryMs,
    );
  meeting?.unref();

  const fetchAt = (directory: Directory): typeof globalThis.fetch =>
    createGovernedFetch({
      line,
      directory,
      onUnknownRoute: options.onUnknownRoute ?? 'refuse',
      onUnknownProvider: options.onUnknownProvider ?? options.onUnknownRoute ?? 'refuse',
      // Looked up when a call is made, so that a fetch that is replaced later is the one that is used.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    });
  const directory = createDirectory(options.providers);
  const governedFetch = fetchAt(directory);

  return {
    fetch: governedFetch,
    wrap: <SdkClient extends WrappableClient>(
      client: SdkClient,
      { provider }: { provider?: Provider } = {},
    ) => {
      const known = directory.at(client.baseURL);
      if (known === undefined && provider === undefined) {
        const expectation = `no governed provider is at ${client.baseURL}; name it: wrap(client, { provider: openai })`;
        throw new ConfigurationError('wrap', expectation);
      }
      if (provider !== undefined && !recordOf.has(provider.id)) recordOf.set(provider.id, provider);
      const fetch =
        provider === undefined
          ? governedFetch
          : fetchAt(createDirectory([withBaseUrl(provider, client.baseURL)]));
      return client.withOptions({ fetch, maxRetries: 0 }) as SdkClient;
    },
    govern: (request, transport, client) => line.track(govern(line, request, transport, client)),
    addLimits: limits.add,
    withLimits: (own, action) => limits.during(limits.compile(own), action),
    startSession: sessions.start,
    recordUsage: (record) => recordUsage(line, record),
    quote: (request) => quote(line, request),
    readResults: (found) => createResultsReader(line, found),
    readUpload: (upload, body, contentType) => readUpload(line.files, upload, body, contentType),
    rank,
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    router,
    ledger,
    pricing: line.pricing,
    policy: policy.policy,
    close: async () => {
      closing.abort();
      clearInterval(sweep);
      clearInterval(meeting);
      await mirrors.close();
      await ledger.close();
    },
  };
}

function lineOptions(options: GovernorOptions): LineOptions {
  return {
    mode: options.mode ?? 'enforce',
    timeoutMs: options.timeoutMs ?? 600_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 120_000,
    holdGraceMs: options.holdGraceMs ?? 60_000,
    maxRequestBytes: options.maxRequestBytes ?? 32 * 1024 * 1024,
    maxAnswerBytes: options.maxAnswerBytes ?? 128 * 1024 * 1024,
  };
}

function policyFor(policy: Policy, mode: 'enforce' | 'observe'): CompiledPolicy {
  if (mode === 'enforce') return compilePolicy(policy);
  return compilePolicy({
    limits: policy.limits.map((limit) => ({ ...limit, mode: 'shadow' as const })),
    rules: policy.rules.map((rule) => ({ ...rule, mode: 'shadow' as const })),
    onUnpriced: 'allow',
  });
}

function announce(
  listeners: ReadonlySet<GovernorListener>,
  event: GovernorEvent,
  onError: (error: unknown) => void,
): void {
  for (const listener of listeners) {
    try {
      listener(event);
    } catch (error) {
      onError(error);
    }
  }
}

function guarded(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onError(error);
    } catch {
      // Nobody is left to be told.
    }
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), { code: 'GENOPS' });
}

function warnOfMemory(policy: CompiledPolicy): void {
  const limit = policy.policy.limits.find(({ unit, mode }) => unit === 'money' && mode === 'enforced');
  if (limit === undefined) return;
  process.emitWarning(
    `"${limit.id}" is enforced on a ledger in memory: what was spent is forgotten when the process ends, and other ` +
      'processes do not see it. Give `ledger` a durable one, such as openSqliteLedger of @genops/ledger/sqlite.',
    { code: 'GENOPS_MEMORY_LEDGER' },
  );
}
