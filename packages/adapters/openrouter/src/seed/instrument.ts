import {
  type Attribution,
  type CallGovernor,
  checkAttribution,
  currentAttribution,
  type GovernableClient,
  type Limit,
  mergeAttribution,
  type Provider,
  withAttribution,
} from '@genops/core';
import { openrouter } from '../openrouter.ts';
import { openrouterRequest, type RoutingWords } from '../routing.ts';

/** What is used of the official `openai` client. */
export interface OpenRouterClient extends GovernableClient {
  readonly chat: { readonly completions: { create(body: never, options?: never): PromiseLike<unknown> } };
  readonly completions: { create(body: never, options?: never): PromiseLike<unknown> };
}

export interface InstrumentOptions<Client extends OpenRouterClient> {
  /** Makes the calls governed: `createGovernor` of `@genops/governor`. */
  readonly governor: Pick<CallGovernor, 'wrap' | 'withLimits'>;
  /** `new OpenAI({ baseURL: 'https://openrouter.ai/api/v1', apiKey })`; its time-outs and headers hold. */
  readonly client: Client;
  /** How OpenRouter is told about the application: `createOpenRouter({ app })`. @default `openrouter` */
  readonly provider?: Provider;
  /** Of every call that does not say otherwise. */
  readonly attribution?: Attribution;
}

/** What a request takes besides what OpenRouter takes. */
export interface GovernedFields extends RoutingWords {
  readonly model: string;
  /** For whom the call is. It has a place of its own: what stands beside it goes to OpenRouter as it is. */
  readonly attribution?: Attribution;
  /** The most that this call may cost, in USD, as exact decimal text. */
  readonly maxBudget?: string;
}

/** A client of OpenRouter by the names of its guide. */
export interface InstrumentedOpenRouter<Client extends OpenRouterClient> {
  /** The governed client itself, for streams and everything else. */
  readonly client: Client;
  /** Asks, with the short words for routing in place of OpenRouter's objects. */
  chatCompletionsCreate<Request extends GovernedFields>(
    request: Request,
    options?: Parameters<Client['chat']['completions']['create']>[1],
  ): ReturnType<Client['chat']['completions']['create']>;
  /** The same for the older endpoint that completes a prompt. */
  completionsCreate<Request extends GovernedFields & { readonly prompt: string }>(
    request: Request,
    options?: Parameters<Client['completions']['create']>[1],
  ): ReturnType<Client['completions']['create']>;
}

/**
 * Governs a client of OpenRouter. Its promises, errors and streams stay the official client's own.
 *
 * @throws {ConfigurationError} for an attribute that is neither a dimension nor a tag
 */
export function instrumentOpenRouter<Client extends OpenRouterClient>(
  options: InstrumentOptions<Client>,
): InstrumentedOpenRouter<Client> {
  const { governor, provider = openrouter } = options;
  const usual = checkAttribution(options.attribution ?? {});
  const client = governor.wrap(options.client, { provider });
  const governed = (
    { attribution = {}, maxBudget, ...request }: GovernedFields,
    create: (body: never) => unknown,
  ): unknown => {
    const send = () => create(openrouterRequest(request) as never);
    const limited = () =>
      maxBudget === undefined ? send() : governor.withLimits([maxCost(maxBudget)], send);
    return withAttribution(mergeAttribution(usual, currentAttribution()), () =>
      withAttribution(attribution, limited),
    );
  };
  const { chat, completions } = client;
  return {
    client,
    chatCompletionsCreate: (request, requestOptions) =>
      governed(request, (body) => chat.completions.create(body, requestOptions as never)) as ReturnType<
        Client['chat']['completions']['create']
      >,
    completionsCreate: (request, requestOptions) =>
      governed(request, (body) => completions.create(body, requestOptions as never)) as ReturnType<
        Client['completions']['create']
      >,
  };
}

function maxCost(amount: string): Limit {
  return {
    id: 'openrouter.max-budget',
    unit: 'money',
    amount,
    window: { kind: 'request' },
    scope: {},
    mode: 'enforced',
  };
}
