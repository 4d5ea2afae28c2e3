import type { RequestFacts } from '@genops/core';
import type { Bound, EstimateQuestion, Pricing } from './pricing.ts';

/** Work that somebody wants a price for before doing it. */
export interface QuoteRequest extends Omit<EstimateQuestion, 'facts'> {
  /** The prompt; or, when only its size is known, `promptTokens`. */
  readonly text?: string;
  /** Answers asked for at once. @default 1 */
  readonly choices?: number;
  /** Most output tokens that each answer may have. */
  readonly maxOutputTokens?: number;
  readonly media?: RequestFacts['media'];
}

export interface Quote {
  /** What it will probably cost. */
  readonly expected: Bound;
  /** The most that it can cost. */
  readonly most: Bound;
}

/** Prices work that has not been done: what it will probably cost, and the most that it can. */
export function quote(pricing: Pricing, request: QuoteRequest): Quote {
  const { text, choices = 1, maxOutputTokens, media, ...question } = request;
  const inputBytes = Math.max(
    text === undefined ? 0 : new TextEncoder().encode(text).length,
    question.promptTokens ?? 0,
  );
  const facts: RequestFacts = {
    requestModel: request.model,
    stream: false,
    choices,
    inputBytes,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(media && { media }),
  };
  return {
    expected: pricing.estimate({ ...question, facts }),
    most: pricing.upperBound({ ...question, facts }),
  };
}
