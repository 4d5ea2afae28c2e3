import type {
  JSONObject,
  LanguageModelV4Middleware,
  LanguageModelV4StreamPart,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import {
  type Attribution,
  amountOf,
  attributionDimensions,
  type LedgerEntry,
  withAttribution,
} from '@genops/core';

export interface GenOpsMiddlewareOptions {
  /** What every call of the model says of itself; `providerOptions.genops` of a call wins over it. @default {} */
  readonly attribution?: Attribution;
  /**
   * Where the entries of calls are found, such as `governor.ledger`: a stream's cost is known only when it
   * is over, so that without it a stream tells its request id and no cost.
   *
   * @default none
   */
  readonly ledger?: {
    entries(query: {
      readonly filter: { readonly operationId: string };
    }): Promise<{ readonly entries: readonly LedgerEntry[] }>;
  };
}

/**
 * A middleware for models whose provider sends through a governor's `fetch`. Each call says for whom it is,
 * each result tells in `providerMetadata.genops` what it came to, and a refusal is not tried again.
 */
export function genopsMiddleware(options: GenOpsMiddlewareOptions = {}): LanguageModelV4Middleware {
  const { attribution = {}, ledger } = options;
  const attributed = <Result>(
    providerOptions: SharedV4ProviderMetadata | undefined,
    call: () => PromiseLike<Result>,
  ): Promise<Result> =>
    withAttribution(attribution, () =>
      withAttribution(attributionIn(providerOptions?.['genops']), async () => {
        try {
          return await call();
        } catch (error) {
          throw withFinality(error);
        }
      }),
    );
  return {
    specificationVersion: 'v4',
    wrapGenerate: async ({ doGenerate, params }) => {
      const result = await attributed(params.providerOptions, doGenerate);
      const told = metadataIn(result.response?.headers);
      return told === undefined ? result : { ...result, ...withMetadata(result.providerMetadata, told) };
    },
    wrapStream: async ({ doStream, params }) => {
      const result = await attributed(params.providerOptions, doStream);
      const told = metadataIn(result.response?.headers);
      if (told === undefined) return result;
      return { ...result, stream: result.stream.pipeThrough(toldAtTheEnd(told, ledger)) };
    },
  };
}

/** What a call says of itself; whatever is no attribute is left to whoever checks attributes. */
function attributionIn(words: JSONObject | undefined): Attribution {
  if (words === undefined) return {};
  const known = attributionDimensions.flatMap((dimension) =>
    words[dimension] === undefined ? [] : [[dimension, words[dimension]]],
  );
  return { ...Object.fromEntries(known), ...(words['tags'] !== undefined && { tags: words['tags'] }) };
}

/** What the governor's headers tell of a call, under the names of its metadata. */
const headerOf = {
  requestId: 'x-genops-request-id',
  cost: 'x-genops-cost',
  currency: 'x-genops-cost-currency',
  costBasis: 'x-genops-cost-basis',
  budgetId: 'x-genops-budget-id',
  budgetRemaining: 'x-genops-budget-remaining',
} as const;

function metadataIn(headers: Readonly<Record<string, string>> | undefined): JSONObject | undefined {
  if (headers?.[headerOf.requestId] === undefined) return undefined;
  const told = Object.entries(headerOf).flatMap(([name, header]) => {
    const value = headers[header];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(told) as JSONObject;
}

function withMetadata(
  metadata: SharedV4ProviderMetadata | undefined,
  genops: JSONObject,
): { readonly providerMetadata: SharedV4ProviderMetadata } {
  return { providerMetadata: { ...metadata, genops } };
}

/** The part that ends a stream comes after the call was settled, so that its entry is there by then. */
function toldAtTheEnd(
  told: JSONObject,
  ledger: GenOpsMiddlewareOptions['ledger'],
): TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart> {
  return new TransformStream({
    async transform(part, controller) {
      if (part.type !== 'finish') return controller.enqueue(part);
      const genops = { ...told, ...(await costIn(ledger, String(told['requestId']))) };
      controller.enqueue({ ...part, ...withMetadata(part.providerMetadata, genops) });
    },
  });
}

async function costIn(ledger: GenOpsMiddlewareOptions['ledger'], operationId: string): Promise<JSONObject> {
  const page = await ledger?.entries({ filter: { operationId } });
  const cost = page?.entries.at(-1)?.cost;
  if (cost === undefined) return {};
  if (cost.result === 'unpriced') return { costBasis: 'unpriced' };
  return { cost: amountOf(cost.total), currency: cost.total.currency, costBasis: cost.basis };
}

/** The AI SDK tries every 429 again; the governor's own refusals say that this is of no use. */
function withFinality(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { responseHeaders } = error as { readonly responseHeaders?: Readonly<Record<string, string>> };
  if (responseHeaders?.['x-should-retry'] === 'false') {
    Object.defineProperty(error, 'isRetryable', { value: false });
  }
  return error;
}
