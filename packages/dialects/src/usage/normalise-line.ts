import {
  type AnswerFacts,
  ConfigurationError,
  hasErrorCode,
  type SnakeCaseUsage,
  usageToSnake,
} from '@genops/core';
import { at, present, textAt } from './fields.ts';
import { normaliseUsage } from './normalise.ts';

/** What became of one line: its usage in the spelling of files, and all that a price depends on. */
export interface NormalisedLine {
  readonly id: string;
  readonly provider: string;
  /** The model that the line or the answer names. */
  readonly model?: string;
  /** An instant, as the line says. */
  readonly at?: string;
  readonly usage: SnakeCaseUsage | null;
  /** The same in the project's own words, with parts, reported cost, tier and unread fields. */
  readonly facts: AnswerFacts;
  /** What else a price may depend on and the answer tells. */
  readonly options?: Readonly<Record<string, string>>;
  readonly error: 'usage_missing' | 'invalid_usage' | 'unknown_api' | null;
  /** One sentence about the error. */
  readonly message?: string;
}

/**
 * Normalises the usage in one line of a file, `{"id", "provider", "api", "model"?, "at"?,
 * "response_usage_json"}`. What is wrong with the usage is part of the result, never a zero.
 *
 * @throws {ConfigurationError} when the line itself is not of that form
 */
export function normaliseLine(line: unknown): NormalisedLine {
  const [id, provider, api] = ['id', 'provider', 'api'].map((key) => requireText(line, key)) as [
    string,
    string,
    string,
  ];
  const json = at(line, 'response_usage_json');
  const known = {
    id,
    provider,
    model: textAt(line, 'model') ?? textAt(json, 'model'),
    at: textAt(line, 'at'),
  };
  try {
    const facts = normaliseUsage({ provider, api }, json);
    if (facts === undefined) {
      return failed(known, 'unknown_api', `No rule for the usage of "${api}" at "${provider}"`);
    }
    if (facts.usage === undefined) return failed(known, 'usage_missing', 'The answer has no usage');
    return present<NormalisedLine>({
      ...known,
      model: known.model ?? facts.responseModel,
      usage: usageToSnake(facts.usage),
      facts,
      options: readOptions(json),
      error: null,
    });
  } catch (error) {
    if (!hasErrorCode(error, 'invalid_usage')) throw error;
    return failed(known, 'invalid_usage', error.message);
  }
}

/** Perplexity names the size of the search context in its usage, and charges each request by it. */
function readOptions(json: unknown): NormalisedLine['options'] {
  const searchContextSize = textAt(json, 'usage.search_context_size');
  return searchContextSize === undefined ? undefined : { searchContextSize };
}

function failed(
  known: { readonly [Key in 'id' | 'provider']: string } & {
    readonly [Key in 'model' | 'at']: string | undefined;
  },
  error: NonNullable<NormalisedLine['error']>,
  message: string,
): NormalisedLine {
  return present<NormalisedLine>({ ...known, usage: null, facts: {}, error, message });
}

function requireText(line: unknown, key: string): string {
  const value = textAt(line, key);
  if (value === undefined) throw new ConfigurationError(key, 'expected text');
  return value;
}
