import {
  type CallGovernor,
  type Cost,
  compareMoney,
  type Money,
  money,
  type RankedModel,
  type RequestFacts,
  type Usage,
} from '@genops/core';

/** What is used of a price catalogue: `createPricing()` of `@genops/pricing`, or `governor.pricing`. */
export interface PriceList {
  price(question: {
    readonly provider: string;
    readonly model: string;
    readonly at: string;
    readonly usage: Usage;
    readonly estimated?: boolean;
  }): Cost;
  models(provider: string, at: string): readonly PricedModel[];
}

export interface PricedModel {
  readonly model: string;
  /** `economy`, `balanced`, `premium`, `flagship`: computed from its prices. */
  readonly tier?: string;
  readonly prices: Readonly<Record<string, { readonly unitPrice: string; readonly per: string } | undefined>>;
}

export interface CostQuestion {
  readonly pricing: Pick<PriceList, 'price'>;
  /** As OpenRouter spells it: `anthropic/claude-3.5-sonnet`. */
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** @default now */
  readonly at?: string;
}

/** What so many tokens of a model cost at OpenRouter's list prices. A model nobody lists is unpriced, never guessed. */
export function calculateOpenRouterCost(question: CostQuestion): Cost {
  const { pricing, model, inputTokens, outputTokens, at = new Date().toISOString() } = question;
  return pricing.price({ provider: 'openrouter', model, at, usage: { inputTokens, outputTokens } });
}

export interface CostBreakdown {
  readonly totalCost: Money;
  readonly inputCost: Money;
  readonly outputCost: Money;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** As exact decimal text, for so many tokens as `per` says. */
  readonly inputUnitPrice: string;
  readonly outputUnitPrice: string;
  readonly per: string;
  readonly currency: string;
  readonly modelName: string;
  /** Who makes the model: what stands before the slash. */
  readonly provider: string;
  readonly modelFamily: string;
}

/** The same, line by line. @returns nothing when the model has no price */
export function getCostBreakdown(question: CostQuestion): CostBreakdown | undefined {
  const { model, inputTokens, outputTokens, pricing, at } = question;
  const time = at === undefined ? {} : { at };
  const total = calculateOpenRouterCost(question);
  const input = calculateOpenRouterCost({ pricing, model, inputTokens, outputTokens: 0, ...time });
  const output = calculateOpenRouterCost({ pricing, model, inputTokens: 0, outputTokens, ...time });
  if (total.result === 'unpriced' || input.result === 'unpriced' || output.result === 'unpriced')
    return undefined;
  const [maker, family] = model.split('/');
  return {
    totalCost: total.total,
    inputCost: input.total,
    outputCost: output.total,
    inputTokens,
    outputTokens,
    inputUnitPrice: input.lines[0]?.unitPrice ?? '0',
    outputUnitPrice: output.lines[0]?.unitPrice ?? '0',
    per: total.lines[0]?.per ?? '1000000',
    currency: total.total.currency,
    modelName: model,
    provider: maker ?? model,
    modelFamily: (family ?? model).replace(/:.*$/, ''),
  };
}

/** Every model that OpenRouter lists, with its prices. */
export function getSupportedModels(
  pricing: Pick<PriceList, 'models'>,
  at = new Date().toISOString(),
): readonly PricedModel[] {
  return pricing.models('openrouter', at);
}

/** English has about four bytes to a token. */
const bytesPerToken = 4;

/**
 * What a text will probably cost: its tokens told from its length, the answer's as a share of them.
 *
 * @param question.completionRatio - @default 0.3
 */
export function estimateCostForText(question: {
  readonly pricing: Pick<PriceList, 'price'>;
  readonly model: string;
  readonly text: string;
  readonly completionRatio?: number;
}): { readonly cost: Cost; readonly inputTokens: number; readonly outputTokens: number } {
  const { pricing, model, text, completionRatio = 0.3 } = question;
  const inputTokens = Math.ceil(Buffer.byteLength(text) / bytesPerToken);
  const outputTokens = Math.ceil(inputTokens * completionRatio);
  const usage = { inputTokens, outputTokens };
  const at = new Date().toISOString();
  const cost = pricing.price({ provider: 'openrouter', model, at, usage, estimated: true });
  return { cost, inputTokens, outputTokens };
}

export interface SelectionOptions {
  readonly governor: Pick<CallGovernor, 'rank'>;
  readonly candidates: readonly string[];
  readonly facts: RequestFacts;
  /** The most that the request may probably cost, in USD, as exact decimal text. */
  readonly budget?: string;
  /** @default 'cost' */
  readonly prefer?: 'cost' | 'latency' | 'reliability' | 'balanced';
}

/** The best candidate for a request within a budget. @returns nothing when none fits, or none that does has a price */
export function selectModel(options: SelectionOptions): RankedModel | undefined {
  const { governor, candidates, facts, budget, prefer = 'cost' } = options;
  const ranked = governor.rank({
    candidates: candidates.map((model) => ({ provider: 'openrouter', model })),
    objective: prefer,
    facts,
  });
  return ranked.find(
    ({ estimatedCost }) =>
      estimatedCost !== undefined &&
      (budget === undefined || compareMoney(estimatedCost, money(budget)) <= 0),
  );
}
