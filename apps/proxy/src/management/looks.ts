import { amountOf, type LedgerEntry, type Limit, type LimitState } from '@genops/core';
import type { Governor } from '@genops/governor';
import { exportEntries } from '@genops/ledger';
import type { ConfiguredProvider } from '../app.ts';
import { type Answer, invalid, limitIn, notFound, pageOf } from './answer.ts';
import type { TransitionLog } from './transition-log.ts';

/** Everything that can be looked at and not changed here: that is what `genops.yaml` is for. */
export interface Looks {
  providers(query: URLSearchParams): Answer;
  policies(query: URLSearchParams): Answer;
  budgets(query: URLSearchParams): Promise<Answer>;
  state(query: URLSearchParams): Promise<Answer>;
  requests(query: URLSearchParams): Promise<Answer>;
  request(id: string): Promise<Answer>;
}

export interface LooksOptions {
  readonly governor: Governor;
  readonly providers: readonly ConfiguredProvider[];
  readonly transitions: TransitionLog;
  readonly accepting: () => boolean;
}

const scopes = ['keys', 'budgets', 'routing', 'all'];

export function createLooks({ governor, providers, transitions, accepting }: LooksOptions): Looks {
  const { ledger, policy, router } = governor;
  const keysOf = (id: string) => router.keys.list({ provider: id });

  const budgetLines = async (): Promise<readonly object[]> => {
    const counted = policy.limits.filter(hasOneCounter);
    const states = await ledger.states(counted.map((limit) => ({ limit, bucket: '' })));
    return policy.limits.map((limit) => budgetJson(limit, states[counted.indexOf(limit)]));
  };

  return {
    providers: (query) =>
      pageOf(
        'providers',
        providers.map(({ provider, apiKey, models }) => {
          const keys = keysOf(provider.id);
          const usable = keys.filter(({ state }) => state === 'available' || state === 'recovering').length;
          return {
            id: provider.id,
            name: provider.name,
            base_url: provider.baseUrl,
            // One key of its own is always asked; of several it shows how many can be.
            health_state:
              keys.length === 0 || usable === keys.length ? 'healthy' : usable > 0 ? 'degraded' : 'down',
            key_count: keys.length === 0 ? (apiKey === undefined ? 0 : 1) : keys.length,
            model_count: models.length,
          };
        }),
        query,
      ),
    policies: (query) =>
      pageOf(
        'policies',
        policy.rules.map((rule) => ({
          id: rule.id,
          type: 'routing',
          effect: rule.effect,
          enabled: rule.mode === 'enforced',
          mode: rule.mode,
          when: rule.when ?? {},
          unless: rule.unless ?? {},
          reason_code: rule.reasonCode,
          message: rule.message ?? null,
        })),
        query,
      ),
    budgets: async (query) => pageOf('budgets', await budgetLines(), query),
    state: async (query) => {
      const scope = query.get('scope') ?? 'all';
      if (!scopes.includes(scope)) return invalid(`scope: expected one of ${scopes.join(', ')}`);
      const wants = (part: string): boolean => scope === 'all' || scope === part;
      const keys = router.keys.list();
      const byState: Record<string, number> = {};
      for (const { state } of keys) byState[state] = (byState[state] ?? 0) + 1;
      return {
        status: 200,
        body: {
          accepting: accepting(),
          ...(wants('keys') && {
            keys: {
              total: keys.length,
              by_state: byState,
              in_flight: keys.reduce((sum, { inFlight }) => sum + inFlight, 0),
            },
          }),
          ...(wants('budgets') && { budgets: await budgetLines() }),
          ...(wants('routing') && { routing: { recent_transitions: transitions.of().slice(0, 20) } }),
        },
      };
    },
    requests: async (query) => {
      const pageSize = limitIn(query);
      if (pageSize === undefined) return invalid('limit: expected 1 to 1000');
      const cursor = query.get('cursor');
      const match: Record<string, string[]> = {};
      for (const [name, value] of query)
        if (name !== 'limit' && name !== 'cursor') match[name] = [...(match[name] ?? []), value];
      try {
        const { entries, nextCursor = null } = await ledger.entries({
          order: 'newest_first',
          pageSize,
          ...(cursor !== null && { cursor }),
          ...(Object.keys(match).length > 0 && { filter: { match } }),
        });
        return { status: 200, body: { requests: entries.map(entryLine), next_cursor: nextCursor } };
      } catch (error) {
        if (error instanceof RangeError || (error as { code?: unknown }).code === 'invalid_configuration')
          return invalid((error as Error).message);
        throw error;
      }
    },
    request: async (id) => {
      const attempts: unknown[] = [];
      for await (const line of exportEntries(ledger, { operationId: id })) attempts.push(JSON.parse(line));
      if (attempts.length === 0) return notFound(`request "${id.slice(0, 200)}"`);
      const keys = new Set(attempts.map((entry) => (entry as LedgerEntry).providerKeyId));
      return {
        status: 200,
        body: {
          request_id: id,
          attempts,
          state_transitions: transitions.of().filter(({ entityId }) => keys.has(entityId)),
        },
      };
    },
  };
}

function hasOneCounter({ scope, window }: Limit): boolean {
  return (scope.per ?? []).length === 0 && window.kind !== 'request' && window.kind !== 'session';
}

function budgetJson(limit: Limit, state: LimitState | undefined): object {
  const { id, unit, amount, currency, window, scope, mode } = limit;
  return {
    id,
    unit,
    currency: unit === 'money' ? (currency ?? 'USD') : null,
    limit: state?.amount ?? amount,
    window,
    scope,
    mode,
    // Several counters have several states; each is in the decisions of the calls that drew on it.
    spent: state?.settled ?? null,
    held: state?.held ?? null,
    remaining: state?.available ?? null,
    resets_at: state?.resetsAt ?? null,
  };
}

function entryLine(entry: LedgerEntry): object {
  const { operationId, attempt, kind, at, endedAt, provider, providerKeyId, requestModel } = entry;
  const { responseModel, status, outcome, decision, cost, attribution } = entry;
  return {
    request_id: operationId,
    attempt,
    kind,
    at,
    ended_at: endedAt,
    provider,
    key_id: providerKeyId ?? null,
    model: requestModel,
    response_model: responseModel ?? null,
    status: status ?? null,
    outcome,
    verdict: decision.verdict,
    reason_code: decision.reasonCode ?? null,
    cost: cost.result === 'priced' ? amountOf(cost.total) : null,
    currency: cost.result === 'priced' ? cost.total.currency : null,
    attribution,
  };
}
