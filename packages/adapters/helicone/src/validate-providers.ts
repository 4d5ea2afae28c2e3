import { chatFacts } from '@genops/core';
import type { HeliconeAdapterOptions, ProviderValidation } from './helicone-adapter.ts';
import { type GatewayKind, gatewayModel } from './model-names.ts';
import type { Routes } from './routes.ts';

export interface ValidateOptions extends Pick<HeliconeAdapterOptions, 'governor' | 'client'> {
  readonly gateway: GatewayKind;
  /** The id of the gateway's record. */
  readonly gatewayId: string;
  readonly routes: Routes;
}

/** Whether each provider can be asked: the gateway answers, nothing forbids it, and its model has a price. Asks no model. */
export async function validateProviders(options: ValidateOptions): Promise<readonly ProviderValidation[]> {
  const { governor, client, gateway, gatewayId, routes } = options;
  const unreachable = await client.models.list().then(
    () => undefined,
    (error: unknown) =>
      `the gateway does not answer: ${error instanceof Error ? error.message : String(error)}`,
  );
  const { names } = routes;
  const candidates = names.map((provider) => ({
    provider: gatewayId,
    model: gatewayModel(gateway, { provider, model: routes.of(provider).model }),
  }));
  const question = { model: '', messages: [{ role: 'user' as const, content: 'x' }] };
  const ranked = governor.rank({ candidates, objective: 'order', facts: chatFacts(question) });
  return names.map((provider, index): ProviderValidation => {
    const priced = ranked.find(({ model }) => model === candidates[index]?.model)?.estimatedCost;
    const unpriced =
      priced === undefined
        ? `no price is known of ${routes.of(provider).model}: add one to the price overrides`
        : undefined;
    const message = unreachable ?? routes.refusalOf(provider) ?? unpriced;
    return message === undefined ? { provider, status: 'passed' } : { provider, status: 'failed', message };
  });
}
