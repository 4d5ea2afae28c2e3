import {
  ConfigurationError,
  type LedgerEntry,
  type Limit,
  type LimitState,
  type Money,
  type Provider,
  type Routing,
} from '@genops/core';
import {
  type KeyMetadata,
  type KeyView,
  parseKeyState,
  type QuotaConfiguration,
  type QuotaState,
  type StateTransition,
} from '@genops/router';
import type { MeteredRoute } from '../directory.ts';
import { createGovernor, type Governor, type GovernorOptions } from '../governor.ts';
import type { Target } from '../line.ts';
import type { RoutingOptions } from '../routes.ts';
import { createWebClient, webTransport } from '../web.ts';
import { effectOf, policyOf } from './policies.ts';
import type { ReadPolicy, RoutingPolicy } from './read-policy.ts';

export interface ApiKeyRouterOptions extends Omit<GovernorOptions, 'providers' | 'routing'> {
  readonly routing?: RoutingOptions;
}

/** A chat request as any provider's Chat Completions takes it. Everything in it is passed on. */
export interface RouteIntent {
  readonly model: string;
  readonly messages: readonly unknown[];
  readonly [parameter: string]: unknown;
}

export interface RouteCallOptions {
  /** `cost`, `reliability`, `fairness`, `speed`, `quality`, or any other spelling of a strategy. */
  readonly objective?: string;
  /** Whose call it is: only this team's keys and everybody's serve it. */
  readonly team?: string;
}

/** An answer, what it cost, and who gave it. */
export interface RoutedAnswer {
  readonly requestId: string;
  readonly status: number;
  /** The provider's answer as it came, parsed. */
  readonly body: unknown;
  readonly content: string | undefined;
  readonly keyUsed: string | undefined;
  readonly providerUsed: string;
  readonly cost: Money | undefined;
}

export interface StateSummary {
  readonly keys: Readonly<Record<'total' | KeyView['state'], number>>;
  readonly quotas: Readonly<
    Record<'totalKeys' | 'exhaustedKeys' | 'criticalKeys' | 'constrainedKeys', number>
  >;
  readonly routing: { readonly totalDecisions: number; readonly recentDecisions: number };
}

export interface BudgetStatus {
  readonly id: string;
  readonly totalSpent: string;
  readonly budgetLimit: string;
  readonly remaining: string;
  readonly usagePercentage: number;
  readonly status: 'ok' | 'warning' | 'exceeded';
}

export interface RequestTrace {
  readonly requestId: string;
  readonly timestamp: string;
  readonly routing: Routing | undefined;
  /** Every attempt, as it was booked. */
  readonly attempts: readonly LedgerEntry[];
  /** What became of keys meanwhile. */
  readonly stateTransitions: readonly StateTransition[];
}

/** The API of ApiKeyRouter, on a governor: every call is held, routed, priced and booked. */
export interface ApiKeyRouter {
  readonly governor: Governor;
  registerProvider(provider: Provider): void;
  registerKey(registration: {
    readonly keyMaterial: string;
    readonly providerId: string;
    readonly metadata?: KeyMetadata;
    readonly id?: string;
  }): KeyView;
  configureQuota(
    keyId: string,
    quota: Omit<QuotaConfiguration, 'unit' | 'limit' | 'window'> & {
      readonly timeWindow: QuotaConfiguration['window'];
      readonly totalCapacity: number;
      /** @default 'requests' */
      readonly unit?: QuotaConfiguration['unit'];
    },
  ): void;
  configurePolicy(policy: RoutingPolicy): void;
  /** Sends a chat request wherever it is best served. A refusal is an answer too; see `status`. */
  route(intent: RouteIntent, options?: RouteCallOptions): Promise<RoutedAnswer>;
  updateKeyState(
    keyId: string,
    state: string,
    options?: { readonly reason?: string; readonly cooldownSeconds?: number },
  ): KeyView;
  getKey(keyId: string): KeyView | undefined;
  rotateKey(keyId: string, keyMaterial: string): KeyView;
  revokeKey(keyId: string): KeyView;
  getStateSummary(): StateSummary;
  getQuotaState(keyId: string): QuotaState;
  getBudgetStatus(policyId?: string): Promise<readonly BudgetStatus[]>;
  /** What a request will probably cost at each registered provider, the cheapest first. */
  estimateRequestCost(intent: RouteIntent): readonly { readonly providerId: string; readonly cost: Money }[];
  getRequestTrace(requestId: string): Promise<RequestTrace | undefined>;
  close(): Promise<void>;
}

/** The part of an answer that is looked at. */
interface ChatBody {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null } }[];
}

/** How many changes of keys and decisions are remembered. */
const remembered = 1_000;

/** @throws {ConfigurationError} as {@link createGovernor} */
export function createApiKeyRouter(options: ApiKeyRouterOptions = {}): ApiKeyRouter {
  const providers = new Map<string, { readonly provider: Provider; readonly route: MeteredRoute }>();
  const policies = new Map<
    string,
    {
      readonly policy: ReadPolicy;
      readonly limit: Limit | undefined;
      readonly removeLimit: (() => void) | undefined;
    }
  >();
  const transitions: StateTransition[] = [];
  const decidedAtMs: number[] = [];
  let decisions = 0;
  const now = options.now ?? (() => new Date());
  const governor = createGovernor({
    ...options,
    providers: [],
    routing: {
      ...options.routing,
      onTransition: (transition) => {
        transitions.push(transition);
        if (transitions.length > remembered) transitions.shift();
        options.routing?.onTransition?.(transition);
      },
    },
  });
  const { keys } = governor.router;
  const transport = webTransport(options.fetch ?? ((input, init) => globalThis.fetch(input, init)));

  const policiesInForce = () => [...policies.values()].map(({ policy }) => policy);
  const note = (): void => {
    decisions += 1;
    decidedAtMs.push(now().getTime());
    if (decidedAtMs.length > remembered) decidedAtMs.shift();
  };

  /** Every provider, once for each region and tier that its keys have: what can be told apart can be chosen. */
  const targets = (): Target[] =>
    [...providers.values()].flatMap(({ provider, route }) => {
      const places = new Map<string, Pick<Target, 'region' | 'tier'>>();
      for (const { metadata, state } of keys.list({ provider: provider.id })) {
        const { region, tier } = metadata;
        if (state === 'disabled' || (region === undefined && tier === undefined)) continue;
        const place = { ...(region !== undefined && { region }), ...(tier !== undefined && { tier }) };
        places.set(JSON.stringify(place), place);
      }
      const kinds = places.size === 0 ? [{}] : [...places.values()];
      return kinds.map((place) => ({ provider, route, ...place }));
    });

  return {
    governor,
    registerProvider(provider) {
      const route = provider.routes.find(
        (one): one is MeteredRoute => one.kind === 'metered' && one.dialect.id === 'openai-chat',
      );
      if (route === undefined) {
        throw new ConfigurationError(
          `provider "${provider.id}"`,
          'expected one that speaks Chat Completions',
        );
      }
      providers.set(provider.id, { provider, route });
    },
    registerKey({ keyMaterial, providerId, metadata, id }) {
      if (!providers.has(providerId))
        throw new ConfigurationError('providerId', `no provider has the id "${providerId}"`);
      return keys.register({
        provider: providerId,
        secret: keyMaterial,
        ...(id !== undefined && { id }),
        ...(metadata !== undefined && { metadata }),
      });
    },
    configureQuota(keyId, { timeWindow, totalCapacity, unit = 'requests', ...more }) {
      keys.configureQuota(keyId, [{ unit, limit: totalCapacity, window: timeWindow, ...more }]);
    },
    configurePolicy(policy) {
      const { policy: read, limit } = policyOf(policy);
      const removeLimit = read.enabled && limit !== undefined ? governor.addLimits([limit]) : undefined;
      policies.get(read.id)?.removeLimit?.();
      policies.set(read.id, { policy: read, limit, removeLimit });
    },
    async route(intent, { objective, team } = {}) {
      const [first] = providers.values();
      if (first === undefined)
        throw new ConfigurationError('route', 'expected a provider to be registered before');
      const effect = effectOf(policiesInForce(), {
        model: intent.model,
        ...(team !== undefined && { team }),
      });
      const strategy = objective ?? effect.strategy;
      const web = createWebClient(first.provider.baseUrl + first.route.path, undefined);
      note();
      const request = {
        method: 'POST',
        path: first.route.path,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(intent)),
        dialect: first.route.dialect,
        targetsFor: targets,
        routing: {
          constraints: effect.constraints,
          rules: effect.rules,
          ...(strategy !== undefined && { strategy }),
        },
        ...(team !== undefined && { identity: { team } }),
      };
      governor.govern(request, transport, web.client).catch(web.fail);
      const response = await web.response;
      const body = (await response.json()) as ChatBody;
      const requestId = response.headers.get('x-genops-request-id') ?? '';
      const entry = (await entriesOf(requestId)).at(-1);
      return {
        requestId,
        status: response.status,
        body,
        content: body.choices?.[0]?.message?.content ?? undefined,
        keyUsed: entry?.providerKeyId,
        providerUsed: entry?.provider ?? first.provider.id,
        cost: entry?.cost.result === 'priced' ? entry.cost.total : undefined,
      };
    },
    updateKeyState(keyId, text, { reason, cooldownSeconds } = {}) {
      const state = parseKeyState(text);
      if (state === undefined) throw new ConfigurationError('state', `"${text}" is no state of a key`);
      return keys.setState(keyId, state, {
        ...(reason !== undefined && { trigger: reason }),
        ...(cooldownSeconds !== undefined && { cooldownMs: cooldownSeconds * 1000 }),
      });
    },
    getKey: (keyId) => keys.get(keyId),
    rotateKey: (keyId, keyMaterial) => keys.rotate(keyId, keyMaterial),
    revokeKey: (keyId) => keys.revoke(keyId),
    getStateSummary() {
      const all = keys.list();
      const inState = (state: KeyView['state']): number => all.filter((key) => key.state === state).length;
      const quotas = all.map(({ id }) => keys.quotaState(id).state);
      const hourAgo = now().getTime() - 3_600_000;
      return {
        keys: {
          total: all.length,
          available: inState('available'),
          throttled: inState('throttled'),
          exhausted: inState('exhausted'),
          recovering: inState('recovering'),
          disabled: inState('disabled'),
          invalid: inState('invalid'),
        },
        quotas: {
          totalKeys: all.length,
          exhaustedKeys: quotas.filter((state) => state === 'exhausted').length,
          criticalKeys: quotas.filter((state) => state === 'critical').length,
          constrainedKeys: quotas.filter((state) => state === 'constrained').length,
        },
        routing: {
          totalDecisions: decisions,
          recentDecisions: decidedAtMs.filter((at) => at > hourAgo).length,
        },
      };
    },
    getQuotaState: (keyId) => keys.quotaState(keyId),
    async getBudgetStatus(policyId) {
      const limits = [...policies.values()].flatMap(({ policy: { id }, limit }) =>
        limit !== undefined && (policyId === undefined || id === policyId) ? [limit] : [],
      );
      const states = await governor.ledger.states(limits.map((limit) => ({ limit, bucket: '' })));
      return states.map(budgetOf);
    },
    estimateRequestCost(intent) {
      const body = Buffer.from(JSON.stringify(intent));
      const at = now().toISOString();
      return [...providers.values()]
        .flatMap(({ provider, route }) => {
          const { facts } = route.dialect.openRequest(body, route.path);
          const named = provider.priceAs?.(intent.model) ?? intent.model;
          const place = typeof named === 'string' ? { provider: provider.id, model: named } : named;
          const estimate = governor.pricing.estimate({ ...place, at, facts });
          return estimate.result === 'bounded'
            ? [{ providerId: provider.id, cost: estimate.cost.total }]
            : [];
        })
        .sort((left, right) => left.cost.amount.cmp(right.cost.amount));
    },
    async getRequestTrace(requestId) {
      const attempts = await entriesOf(requestId);
      const [first] = attempts;
      if (first === undefined) return undefined;
      const end = attempts.at(-1)?.endedAt ?? first.endedAt;
      return {
        requestId,
        timestamp: first.at,
        routing: first.decision.routing,
        attempts,
        stateTransitions: transitions.filter(({ timestamp }) => timestamp >= first.at && timestamp <= end),
      };
    },
    close: () => governor.close(),
  };

  async function entriesOf(operationId: string): Promise<readonly LedgerEntry[]> {
    return (await governor.ledger.entries({ filter: { operationId } })).entries;
  }
}

/** Warns from 80 % on. */
function budgetOf({ limitId, amount, settled, available }: LimitState): BudgetStatus {
  const used = Number(amount) === 0 ? 100 : ((Number(amount) - Number(available)) / Number(amount)) * 100;
  return {
    id: limitId,
    totalSpent: settled,
    budgetLimit: amount,
    remaining: available,
    usagePercentage: used,
    status: used >= 100 ? 'exceeded' : used >= 80 ? 'warning' : 'ok',
  };
}
