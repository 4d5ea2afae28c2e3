import { type BreakerChanged, ConfigurationError } from '@genops/core';
import { type BreakerOptions, createBreaker } from '../failures/breaker.ts';
import { tellingBreaker } from '../failures/telling-breaker.ts';
import { createPeakEwma } from '../measure/peak-ewma.ts';
import { createSuccessRate } from '../measure/success-rate.ts';
import {
  createQuota,
  type QuotaNeed,
  type QuotaOptions,
  type QuotaState,
  smallestNeed,
} from '../quota/quota.ts';
import type { QuotaConfiguration } from '../quota/window.ts';
import type { KeyFact } from '../state/facts.ts';
import { type Cell, createCell, type KeyQuestion, type RestingKey, serves } from './cell.ts';
import { type Drawn, drawKey, type KeyDraw } from './draw-key.ts';
import { type Key, type KeyMetadata, type KeyView, type QuotaGroup, viewOf } from './key.ts';
import { fitsKey, headroomOf, quotaStateOf } from './key-quota.ts';
import { type KeyState, mayFollow, type StateTransition } from './key-state.ts';
import { createKeyStates, isLive } from './key-states.ts';
import { type KeyLease, leaseKey } from './lease.ts';
import { createEphemeralVault, type SealedSecret, type Vault } from './vault.ts';

export interface KeyPoolOptions {
  readonly nowMs: () => number;
  /** Seals the material. @default one of this process alone */
  readonly vault?: Vault;
  readonly breaker?: BreakerOptions;
  readonly quota?: QuotaOptions;
  /** How long a key rests when the provider does not say. @default 60_000 */
  readonly cooldownMs?: number;
  /** After how long a key without credit is tried again when nobody says. @default 3_600_000 */
  readonly exhaustedMs?: number;
  /** Share of its traffic that a recovering key gets. @default 0.1 */
  readonly recoveringShare?: number;
  readonly onTransition?: (transition: StateTransition) => void;
  readonly onBreaker?: (change: BreakerChanged) => void;
}

export interface KeyRegistration {
  /** Stable, for configuration that is loaded again. @default made up */
  readonly id?: string;
  readonly provider: string;
  /** The material itself, or as a vault sealed it. */
  readonly secret: string | SealedSecret;
  readonly metadata?: KeyMetadata;
}

export interface SetStateOptions {
  /** @default 'by_hand' */
  readonly trigger?: string;
  /** For `throttled` and `exhausted`. */
  readonly cooldownMs?: number;
}

/** Which keys there are, which of them can be used now, and by whom. */
export interface KeyPool {
  /** @throws {ConfigurationError} when the id or the material is there already */
  register(registration: KeyRegistration): KeyView;
  /**
   * New material under the same id. Attempts under way end with the old one, and for `graceMs` it stays as
   * a fallback, should the provider not know the new one yet.
   *
   * @param options.graceMs - @default 3_600_000
   * @throws {ConfigurationError} when the material is there already
   */
  rotate(id: string, secret: string, options?: { readonly graceMs?: number }): KeyView;
  revoke(id: string): KeyView;
  /** @throws {ConfigurationError} when that state may not follow */
  setState(id: string, state: KeyState, options?: SetStateOptions): KeyView;
  /**
   * Takes the place of what was configured before; what answers tell stays.
   *
   * @param options.of - what every key of its account shares, or what this one may use of that. @default 'account'
   * @throws {ConfigurationError} for a limit that is none, or the same window twice
   */
  configureQuota(
    id: string,
    quotas: readonly QuotaConfiguration[],
    options?: { readonly of?: 'account' | 'key' },
  ): void;
  quotaState(id: string, need?: QuotaNeed): QuotaState;
  get(id: string): KeyView | undefined;
  list(filter?: { readonly provider?: string; readonly team?: string }): readonly KeyView[];
  /** What is to be stored of the material, under the current master key. */
  sealed(): readonly SealedSecret[];
  /** True when this provider's calls go out with keys of the pool. */
  knows(provider: string): boolean;
  /** @returns the key, and how it is with all that could have been drawn */
  draw(draw: KeyDraw & PoolDraw): Drawn & { readonly keys: TargetKeys };
  /** @returns nothing when the key cannot be used any more */
  lease(keyId: string, need: QuotaNeed): KeyLease | undefined;
  /**
   * A key for something that is no call: always the first registered one that can be used, so that what its
   * account keeps is found again.
   *
   * @returns nothing when none can be used now
   */
  leaseFirst(question: FirstKeyQuestion): KeyLease | undefined;
  /** How many keys could be drawn now. */
  live(question: KeyQuestion): number;
  /** When the first resting key is back; undefined when none will be by itself. */
  nextAtMs(question: KeyQuestion): number | undefined;
  facts(): readonly KeyFact[];
  merge(facts: readonly KeyFact[]): void;
}

/** Whom a key is drawn for. */
export interface PoolDraw {
  readonly question: KeyQuestion;
  /** The one to take if it can serve: of a session. */
  readonly keep?: string;
}

/** Whom a key is for that belongs to no call. Without a model, what models a key is for does not matter. */
export type FirstKeyQuestion = Pick<KeyQuestion, 'provider' | 'team'> & { readonly model?: string };

/** How it is with all keys that serve something. */
export interface TargetKeys {
  /** Could be drawn. */
  readonly live: number;
  /** How many rest, by reason; absent where none does. */
  readonly resting?: Readonly<Record<string, number>>;
  /** Some of them one by one. */
  readonly named: readonly RestingKey[];
}

/** The most resting keys that are named one by one. */
const mostNamed = 20;

/** What callers can make the pool remember: teams and models come from them. */
const rememberedQuestions = 10_000;

export function createKeyPool(options: KeyPoolOptions): KeyPool {
  const { nowMs, cooldownMs = 60_000, exhaustedMs = 3_600_000 } = options;
  const vault = options.vault ?? createEphemeralVault();
  const keys = new Map<string, Key>();
  const cellOf = new Map<Key, Cell>();
  const cells = new Map<string, Cell>();
  const cellsOf = new Map<string, Cell[]>();
  const groups = new Map<string, QuotaGroup>();
  const owners = new Map<string, string>();
  const answers = new Map<string, readonly Cell[]>();
  const states = createKeyStates({
    nowMs,
    cellOf: (key) => cellOf.get(key) as Cell,
    recheckMs: exhaustedMs,
    recoveringShare: options.recoveringShare ?? 0.1,
    ...(options.onTransition !== undefined && { onTransition: options.onTransition }),
  });

  const keyOf = (id: string): Key => {
    states.wake();
    const key = keys.get(id);
    if (key === undefined) throw new ConfigurationError('key', `no key has the id "${id}"`);
    return key;
  };

  /** The same material twice would be one key with two states. */
  const claim = (id: string, provider: string, secret: string): void => {
    const fingerprint = `${provider}\n${vault.fingerprint(secret)}`;
    const owner = owners.get(fingerprint);
    if (owner !== undefined)
      throw new ConfigurationError('key.secret', `it is the material of "${owner}" already`);
    owners.set(fingerprint, id);
  };

  const groupOf = (id: string, provider: string, account: string | undefined): QuotaGroup => {
    const groupId = account === undefined ? `key:${id}` : `account:${provider}/${account}`;
    const known = groups.get(groupId) ?? { id: groupId, quota: createQuota(options.quota), members: [] };
    groups.set(groupId, known);
    return known;
  };

  const cellFor = (provider: string, { region, tier, team, models }: KeyMetadata): Cell => {
    const id = JSON.stringify([provider, region ?? null, tier ?? null, team ?? null, models ?? null]);
    const known = cells.get(id);
    if (known !== undefined) return known;
    const cell = createCell({
      provider,
      ...(region !== undefined && { region }),
      ...(tier !== undefined && { tier }),
      ...(team !== undefined && { team }),
      ...(models !== undefined && { models }),
    });
    cells.set(id, cell);
    cellsOf.set(provider, [...(cellsOf.get(provider) ?? []), cell]);
    answers.clear();
    return cell;
  };

  /** The cells that serve, the team's own first. */
  const matching = (question: KeyQuestion): readonly Cell[] => {
    const { provider, model, region = '', tier = '', team = '' } = question;
    const id = `${provider}\n${model}\n${region}\n${tier}\n${team}`;
    const known = answers.get(id);
    if (known !== undefined) return known;
    const found = (cellsOf.get(provider) ?? [])
      .filter(({ kind }) => serves(kind, question))
      .sort((left, right) => Number(left.kind.team === undefined) - Number(right.kind.team === undefined));
    if (answers.size >= rememberedQuestions) answers.clear();
    answers.set(id, found);
    return found;
  };

  /** The key of a session, if this very one can serve now. */
  const kept = ({ keep, except, question, need }: KeyDraw & PoolDraw, now: number): Drawn | undefined => {
    const key = keep === undefined || except?.has(keep) ? undefined : keys.get(keep);
    if (key === undefined || !isLive(key, now) || !fitsKey(key, need, now)) return undefined;
    if (!serves((cellOf.get(key) as Cell).kind, question)) return undefined;
    return { result: 'drawn', keyId: key.id, reason: 'as before', headroom: headroomOf(key, now) };
  };

  const pool: KeyPool = {
    register({ id = `key_${keys.size + 1}`, provider, secret, metadata = {} }) {
      if (keys.has(id)) throw new ConfigurationError('key.id', `"${id}" is there already`);
      const weight = metadata.weight ?? 1;
      if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
        throw new ConfigurationError('key.metadata.weight', `expected a number above 0, got ${weight}`);
      }
      const plain = typeof secret === 'string' ? secret : vault.open(secret);
      claim(id, provider, plain);
      const now = nowMs();
      const key: Key = {
        id,
        provider,
        metadata,
        createdAtMs: now,
        group: groupOf(id, provider, metadata.account),
        own: metadata.account === undefined ? undefined : createQuota(options.quota),
        breaker: createBreaker(tellingBreaker(options.breaker, 'key', id, options.onBreaker)),
        latency: createPeakEwma({ prior: 1_000 }),
        success: createSuccessRate(),
        state: 'available',
        stateUpdatedAtMs: now,
        restsUntilMs: 0,
        lastUsedAtMs: undefined,
        usageCount: 0,
        failureCount: 0,
        inFlight: 0,
        material: { version: 1, sealed: typeof secret === 'string' ? vault.seal(id, secret) : secret },
        previous: undefined,
        usesPrevious: false,
      };
      const cell = cellFor(provider, metadata);
      keys.set(id, key);
      key.group.members.push(key);
      cell.add(key);
      cellOf.set(key, cell);
      states.refresh(key);
      return viewOf(key);
    },
    rotate(id, secret, { graceMs = 3_600_000 } = {}) {
      const key = keyOf(id);
      claim(id, key.provider, secret);
      owners.delete(`${key.provider}\n${vault.fingerprint(vault.open(key.material.sealed))}`);
      const wasGood = key.state !== 'invalid';
      key.previous = wasGood ? { material: key.material, untilMs: nowMs() + graceMs } : undefined;
      key.material = { version: key.material.version + 1, sealed: vault.seal(id, secret) };
      key.usesPrevious = false;
      if (!wasGood) states.enter(key, 'recovering', 'rotated');
      return viewOf(key);
    },
    revoke: (id) => pool.setState(id, 'disabled', { trigger: 'revoked' }),
    setState(id, state, { trigger = 'by_hand', cooldownMs: restMs } = {}) {
      const key = keyOf(id);
      if (key.state !== state && !mayFollow(key.state, state)) {
        throw new ConfigurationError(`key "${id}"`, `${key.state} cannot become ${state}`);
      }
      if (state === 'throttled') states.enter(key, state, trigger, nowMs() + (restMs ?? cooldownMs));
      else if (state === 'exhausted') states.enter(key, state, trigger, nowMs() + (restMs ?? exhaustedMs));
      else states.enter(key, state, trigger);
      return viewOf(key);
    },
    configureQuota(id, quotas, { of = 'account' } = {}) {
      const key = keyOf(id);
      const { quota, members } = key.group;
      const configured = of === 'key' ? (key.own ?? quota) : quota;
      configured.configure(quotas, nowMs());
      for (const member of members) states.refresh(member);
    },
    quotaState: (id, need = smallestNeed) => quotaStateOf(keyOf(id), need, nowMs()),
    get: (id) => (keys.has(id) ? viewOf(keyOf(id)) : undefined),
    list({ provider, team } = {}) {
      states.wake();
      return [...keys.values()]
        .filter((key) => provider === undefined || key.provider === provider)
        .filter(({ metadata }) => team === undefined || metadata.team === undefined || metadata.team === team)
        .map(viewOf);
    },
    sealed() {
      return [...keys.values()].map((key) => {
        const sealed = vault.rewrap(key.material.sealed);
        key.material = { version: key.material.version, sealed };
        return sealed;
      });
    },
    knows: (provider) => cellsOf.has(provider),
    draw(draw) {
      states.wake();
      const now = nowMs();
      const among = matching(draw.question);
      return { ...(kept(draw, now) ?? drawKey(among, draw, now)), keys: censusOf(among) };
    },
    lease(keyId, need) {
      states.wake();
      const key = keys.get(keyId);
      if (key === undefined || !isLive(key, nowMs()) || !fitsKey(key, need, nowMs())) return undefined;
      const permit = key.breaker.acquire(nowMs());
      if (permit === undefined) return undefined;
      return leaseKey(key, permit, need, { nowMs, vault, states, cooldownMs, exhaustedMs });
    },
    leaseFirst({ provider, team, model }) {
      for (const key of keys.values()) {
        const asked = model ?? key.metadata.models?.[0] ?? '';
        const question = { provider, model: asked, ...(team !== undefined && { team }) };
        if (!serves((cellOf.get(key) as Cell).kind, question)) continue;
        const lease = pool.lease(key.id, smallestNeed);
        if (lease !== undefined) return lease;
      }
      return undefined;
    },
    live(question) {
      states.wake();
      return matching(question).reduce((sum, { live }) => sum + live, 0);
    },
    nextAtMs(question) {
      const ends = matching(question).flatMap((cell) => cell.backAtMs() ?? []);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    facts() {
      states.wake();
      return [...keys.values()].filter(hasNews).map((key) => ({
        id: key.id,
        state: key.state,
        stateUpdatedAtMs: key.stateUpdatedAtMs,
        restsUntilMs: key.restsUntilMs,
        breaker: key.breaker.snapshot(),
        windows: key.group.quota.windows(nowMs()),
        ...(key.own?.known && { own: key.own.windows(nowMs()) }),
      }));
    },
    merge(facts) {
      const now = nowMs();
      for (const fact of facts) {
        const key = keys.get(fact.id);
        if (key === undefined) continue;
        key.breaker.merge(fact.breaker);
        key.group.quota.merge(fact.windows, now);
        if (fact.own !== undefined) key.own?.merge(fact.own, now);
        if (fact.state === key.state) key.restsUntilMs = Math.max(key.restsUntilMs, fact.restsUntilMs);
        else if (
          fact.stateUpdatedAtMs > key.stateUpdatedAtMs ||
          (isUntouched(key) && fact.restsUntilMs > now)
        ) {
          key.state = fact.state;
          key.stateUpdatedAtMs = fact.stateUpdatedAtMs;
          key.restsUntilMs = fact.restsUntilMs;
        }
        states.refresh(key);
      }
      states.wake();
    },
  };
  return pool;
}

/** A replica that has just started believes what the others know of a rest; what has no end may be of an older secret. */
function isUntouched({ stateUpdatedAtMs, createdAtMs }: Key): boolean {
  return stateUpdatedAtMs === createdAtMs;
}

/** Keys of which nothing is known but that they are there need not be told of. */
function hasNews({ state, stateUpdatedAtMs, createdAtMs, breaker, group, own }: Key): boolean {
  return (
    state !== 'available' ||
    stateUpdatedAtMs > createdAtMs ||
    breaker.snapshot().changedAtMs > 0 ||
    group.quota.known ||
    own?.known === true
  );
}

function censusOf(cells: readonly Cell[]): TargetKeys {
  let live = 0;
  let resting: Record<string, number> | undefined;
  const named: RestingKey[] = [];
  for (const cell of cells) {
    live += cell.live;
    if (cell.resting.size === 0) continue;
    resting ??= {};
    for (const [reason, count] of cell.reasons) resting[reason] = (resting[reason] ?? 0) + count;
    for (const key of cell.resting.values()) {
      if (named.length >= mostNamed) break;
      named.push(key);
    }
  }
  return { live, named, ...(resting !== undefined && { resting }) };
}
