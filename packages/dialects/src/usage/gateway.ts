import type { GatewayRouting } from '@genops/core';
import { at, listAt, present, textAt } from './fields.ts';

/**
 * Who served behind OpenRouter. The trace of its router, where it was asked for, also names whom it had
 * chosen first; `provider` alone names the host.
 *
 * @see https://openrouter.ai/docs/features/provider-routing (checked 2026-11-20)
 */
export function readGateway(answer: unknown): GatewayRouting | undefined {
  const trace = at(answer, 'openrouter_metadata');
  const attempts = listAt(trace, 'attempts');
  const selected = listAt(trace, 'endpoints.available').find((endpoint) => at(endpoint, 'selected') === true);
  const hostProvider =
    textAt(answer, 'provider') ?? textAt(attempts.at(-1), 'provider') ?? textAt(selected, 'provider');
  if (hostProvider === undefined) return undefined;
  const predictedProvider =
    textAt(attempts[0], 'provider') ?? (trace === undefined ? undefined : hostProvider);
  return present<GatewayRouting>({
    hostProvider,
    predictedProvider,
    strategy: textAt(trace, 'strategy'),
    fallbackUsed: predictedProvider === undefined ? undefined : predictedProvider !== hostProvider,
  });
}
