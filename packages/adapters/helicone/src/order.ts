import { chatFacts } from '@genops/core';
import { HeliconeError } from './errors.ts';
import type { HeliconeAdapterOptions, HeliconeChatOptions } from './helicone-adapter.ts';
import type { Routes } from './routes.ts';
import { drawByWeight, type Strategies } from './strategy.ts';
import { questionOf } from './travel.ts';

export interface OrderOptions {
  readonly governor: HeliconeAdapterOptions['governor'];
  /** The id of the gateway's record. */
  readonly gatewayId: string;
  readonly routes: Routes;
  readonly strategies: Strategies;
  readonly defaultStrategy: string;
  readonly random: () => number;
}

/**
 * Decides which providers a call asks, one after the other.
 *
 * @throws {HeliconeError} when none of those that it names may be asked
 */
export type Order = (chat: HeliconeChatOptions, modelOf: (provider: string) => string) => readonly string[];

export function createOrder(options: OrderOptions): Order {
  const { governor, gatewayId, routes, strategies, defaultStrategy, random } = options;

  return (chat, modelOf) => {
    const { provider, providerPreferences, message } = chat;
    const named = provider !== undefined ? [provider] : Object.keys(providerPreferences ?? {});
    const wanted = named.length > 0 ? named : (chat.providers ?? routes.names);
    const providers = wanted.filter((name) => routes.refusalOf(name) === undefined);
    if (providers.length === 0) {
      throw new HeliconeError(
        `No provider may be used: ${wanted.map((name) => `${name} ${routes.refusalOf(name)}`).join('; ')}`,
      );
    }
    if (providers.length === 1) return providers;
    const ordered = (strategy: string, names: readonly string[]): readonly string[] => {
      const candidates = names.map((name) => ({ provider: gatewayId, model: modelOf(name) }));
      return strategies.order({
        strategy,
        providers: names,
        message,
        quality: Object.fromEntries(names.map((name) => [name, routes.of(name).quality])),
        rank: (objective) => governor.rank({ candidates, objective, facts: chatFacts(questionOf(chat, '')) }),
        providerOf: ({ model }) =>
          names[candidates.findIndex((candidate) => candidate.model === model)] as string,
      });
    };
    if (providerPreferences === undefined) return ordered(chat.routingStrategy ?? defaultStrategy, providers);
    const weights = providers.map((name) => [name, providerPreferences[name]?.weight ?? 0] as const);
    const [drawn = '', ...others] = drawByWeight(Object.fromEntries(weights), random());
    const isOrdered = chat.fallbackStrategy !== undefined && others.length > 1;
    return [drawn, ...(isOrdered ? ordered(chat.fallbackStrategy as string, others) : others)];
  };
}
