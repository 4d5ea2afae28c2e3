import {
  type ChatAnswer,
  type Money,
  type MoneyJson,
  moneyFromJson,
  moneyToJson,
  type Usage,
} from '@genops/core';

/** An answer that can be given again, and what it cost the first time. */
export interface CachedAnswer {
  readonly text: string;
  readonly answer: ChatAnswer;
  readonly usage: Usage;
  readonly cost?: Money;
}

export function writeCached({ text, answer, usage, cost }: CachedAnswer): string {
  return JSON.stringify({ text, answer, usage, ...(cost !== undefined && { cost: moneyToJson(cost) }) });
}

/** Reads what {@link writeCached} wrote; nothing when it is something else. */
export function readCached(text: string | undefined): CachedAnswer | undefined {
  if (text === undefined) return undefined;
  try {
    const { cost, ...answer } = JSON.parse(text) as Omit<CachedAnswer, 'cost'> & {
      readonly cost?: MoneyJson;
    };
    return typeof answer.text === 'string'
      ? { ...answer, ...(cost !== undefined && { cost: moneyFromJson(cost) }) }
      : undefined;
  } catch {
    return undefined;
  }
}
