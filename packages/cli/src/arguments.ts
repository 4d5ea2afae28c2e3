import { InvalidArgumentError } from 'commander';

/** Where calls can go, as people write it. */
export interface Place {
  readonly provider: string;
  readonly model: string;
  readonly serviceTier?: string;
}

/** `openai/gpt-4o-mini`, or `openai/gpt-4o-mini@batch` for a tier. */
export function parsePlace(text: string): Place {
  const match = /^([^/@\s]+)\/(.+?)(?:@(batch|flex|priority|standard|fast))?$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new InvalidArgumentError(`expected provider/model, such as openai/gpt-4o-mini, got "${text}"`);
  }
  const [, provider, model, serviceTier] = match;
  return { provider, model, ...(serviceTier !== undefined && { serviceTier }) };
}

/** A whole number from 1 up. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError(`expected a number from 1 up, got "${text}"`);
  return Number(text);
}
