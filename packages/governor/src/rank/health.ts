import type { GovernorEvent, ModelAt } from '@genops/core';

/** How models did so far, as far as this process saw. */
export interface ModelHealth {
  note(event: GovernorEvent): void;
  of(model: ModelAt): { readonly latencyMs: number; readonly successRate: number };
}

/** Weight of the newest call; the ones before fade. */
const newest = 0.2;
/** Assumed of a model that nothing is known of: neither the best nor hopeless, so that it gets its chance. */
const prior = { latencyMs: 2_000, successRate: 0.95 };
/** Names come from callers, so there has to be an end; the model that was longest unused goes first. */
const mostModels = 10_000;

/** Fading averages of latency and success for each model. */
export function createModelHealth(): ModelHealth {
  const models = new Map<string, { latencyMs: number; successRate: number }>();
  return {
    note: (event) => {
      if (event.kind !== 'settled') return;
      const { entry, durationMs } = event;
      if (entry.kind === 'settled' && entry.outcome === 'cancelled') return;
      const key = keyOf({ provider: entry.provider, model: entry.requestModel });
      const known = models.get(key) ?? { ...prior };
      const succeeded = entry.outcome === 'completed';
      known.successRate += newest * ((succeeded ? 1 : 0) - known.successRate);
      if (succeeded) {
        const first = !models.has(key);
        known.latencyMs += (first ? 1 : newest) * (durationMs - known.latencyMs);
      }
      models.delete(key);
      models.set(key, known);
      if (models.size > mostModels) models.delete(models.keys().next().value as string);
    },
    of: (model) => models.get(keyOf(model)) ?? prior,
  };
}

function keyOf({ provider, model }: ModelAt): string {
  return `${provider}\n${model}`;
}
