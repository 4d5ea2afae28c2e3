import type { AnswerFacts, Cost, Money, RequestFacts, Usage } from '@genops/core';
import type { UsedVolume } from './condition.ts';

/** Prices calls. Pure once made: the same question has the same answer for ever. */
export interface Pricing {
  /**
   * What a call cost: what the provider reported, else each meter at the price in force at `at`.
   *
   * @throws {UsageError} for counters that cannot be
   * @throws {ConfigurationError} when `at` is not an instant
   */
  price(question: PriceQuestion): Cost;
  /**
   * The most that a call can come to, tier by tier, modifiers included. Never below what `price` says
   * about the finished call, as long as the provider honours the output cap.
   *
   * @throws {ConfigurationError} when `at` is not an instant
   */
  upperBound(question: BoundQuestion): Bound;
  /**
   * What a call will probably come to, at the tier that it asks for. An expectation, not a promise.
   *
   * @throws {ConfigurationError} when `at` is not an instant
   */
  estimate(question: EstimateQuestion): Bound;
}

export interface PriceQuestion extends PricedModel {
  readonly usage: Usage;
  readonly parts?: AnswerFacts['parts'];
  readonly reportedCost?: Money;
  /** Because the counters are estimates themselves. */
  readonly estimated?: boolean;
}

export interface BoundQuestion extends PricedModel {
  readonly facts: RequestFacts;
  /** That no other tier than the one named can serve: orders of batches. @default false */
  readonly tierIsCertain?: boolean;
}

export interface EstimateQuestion extends BoundQuestion {
  /** Tokens of the prompt's text, when somebody counted them. */
  readonly promptTokens?: number;
  /** Tokens that each answer will probably have. */
  readonly outputTokens?: number;
}

/** What a price depends on besides usage. */
export interface PricedModel {
  readonly provider: string;
  readonly model: string;
  /** An instant. */
  readonly at: string;
  /** The tier that served, where known: `batch`, `flex`, `priority` … */
  readonly serviceTier?: string;
  readonly speed?: string;
  readonly region?: string;
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** What was used before in the billing period, for contracts whose prices fall with volume. */
  readonly volume?: UsedVolume;
}

export type Bound =
  | {
      readonly result: 'bounded';
      readonly cost: Extract<Cost, { result: 'priced' }>;
      readonly inputTokens: number;
      /** Over all choices. */
      readonly outputTokens: number;
      /**
       * Cap of each answer that the bound relies on and nobody has set: neither the caller nor, as far as is
       * known, the model. To be sent upstream.
       */
      readonly maxOutputTokens?: number;
    }
  | Extract<Cost, { result: 'unpriced' }>;
