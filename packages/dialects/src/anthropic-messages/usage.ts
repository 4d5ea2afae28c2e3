import { type AnswerFacts, addUsage, type Usage, usageCounters } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, present, textAt, type UsageFields } from '../usage/fields.ts';
import { readGateway } from '../usage/gateway.ts';
import { type Counters, type ReadUsage, readUsage, sumOf, usageOf } from '../usage/read-usage.ts';
import { knownCostParts, readReportedCost } from '../usage/reported-cost.ts';

type Part = NonNullable<AnswerFacts['parts']>[number];

/**
 * An answer of the Messages API. Its `input_tokens` leave out what the cache read and wrote; the counters
 * read from it include them.
 *
 * What `iterations` lists beyond the totals (compaction, an advisor) and what another model did becomes
 * `parts`, because the totals alone can be a small fraction of the bill.
 *
 * @see https://platform.claude.com/docs/en/api/messages (checked 2026-11-20)
 */
export const messageAnswer: AnswerShape = {
  about: (message) =>
    present<AnswerFacts>({
      responseId: textAt(message, 'id'),
      responseModel: textAt(message, 'model'),
      serviceTier: textAt(message, 'usage.service_tier'),
      speed: textAt(message, 'usage.speed'),
      region: readRegion(message),
      gateway: readGateway(message),
      error: readAnswerError(at(message, 'error')),
    }),
  usage: (message) =>
    readUsage(at(message, 'usage'), {
      name: 'usage',
      known,
      read: (fields) => ({
        ...separateParts(readTokens(fields), readIterations(fields), textAt(message, 'model')),
        ...readReportedCost(fields),
      }),
    }),
};

/** What OpenRouter adds to it. */
const known: ReadonlySet<string> = new Set(knownCostParts);

function readRegion(message: unknown): string | undefined {
  const region = textAt(message, 'usage.inference_geo');
  return region === 'not_available' ? undefined : region;
}

function readTokens({ count }: UsageFields): Counters {
  const read = count('cache_read_input_tokens');
  const created5m = count('cache_creation.ephemeral_5m_input_tokens');
  const created1h = count('cache_creation.ephemeral_1h_input_tokens');
  const created = count('cache_creation_input_tokens') ?? sumOf(created5m, created1h);
  return {
    inputTokens: sumOf(count('input_tokens'), read, created),
    cacheReadInputTokens: read,
    cacheCreationInputTokens: created,
    cacheCreation5mInputTokens: created5m,
    cacheCreation1hInputTokens: created1h,
    outputTokens: count('output_tokens'),
    reasoningOutputTokens: count('output_tokens_details.thinking_tokens'),
    webSearches: count('server_tool_use.web_search_requests'),
    webFetches: count('server_tool_use.web_fetch_requests'),
  };
}

/** One entry of `iterations`. */
interface Iteration {
  readonly type: unknown;
  readonly model: unknown;
  readonly usage: Usage;
}

function readIterations(fields: UsageFields): readonly Iteration[] {
  return fields.list('iterations').flatMap((entry) => {
    const usage = usageOf(readTokens(entry));
    return usage === undefined ? [] : [{ type: entry.value('type'), model: entry.value('model'), usage }];
  });
}

/** Kinds of work that the totals never include. */
const besideTotals = new Set<unknown>(['compaction', 'advisor_message']);

/**
 * Separates what is charged on its own from the totals. Which entries the totals include is decided by
 * their sum; an entry inside them that another model served is taken out and priced as that model's.
 */
function separateParts(
  total: Counters,
  iterations: readonly Iteration[],
  model: string | undefined,
): Pick<ReadUsage, 'counters' | 'parts'> {
  const included = includedIterations(total, iterations);
  const mixes = new Set(included.map((entry) => entry.model)).size > 1;
  const foreign = mixes ? included.filter((entry) => entry.model !== model && entry.model !== null) : [];
  const outside = iterations.filter((entry) =>
    included.length > 0 ? !included.includes(entry) : besideTotals.has(entry.type),
  );
  const parts = [...foreign, ...outside].map(asPart);
  if (parts.length === 0) return { counters: total };
  return { counters: foreign.reduce((rest, entry) => subtract(rest, entry.usage), total), parts };
}

function includedIterations(total: Counters, iterations: readonly Iteration[]): readonly Iteration[] {
  const candidates = [
    iterations.filter((entry) => !besideTotals.has(entry.type)),
    iterations.filter((entry) => entry.type === 'message'),
    iterations.filter((entry) => entry.type === 'fallback_message'),
    iterations,
  ];
  return candidates.find((entries) => entries.length > 0 && sumsTo(total, entries)) ?? [];
}

function sumsTo(total: Counters, entries: readonly Iteration[]): boolean {
  const sum = entries.reduce<Usage>((whole, entry) => addUsage(whole, entry.usage), {});
  return sum.inputTokens === total.inputTokens && sum.outputTokens === total.outputTokens;
}

/** What is left of a total after a part of it; reasoning, which entries do not tell, stays within. */
function subtract(total: Counters, part: Usage): Counters {
  const rest = { ...total };
  for (const counter of usageCounters) {
    const whole = rest[counter];
    if (whole !== undefined) rest[counter] = Math.max(0, whole - (part[counter] ?? 0));
  }
  if (rest.reasoningOutputTokens !== undefined) {
    rest.reasoningOutputTokens = Math.min(rest.reasoningOutputTokens, rest.outputTokens ?? 0);
  }
  return rest;
}

function asPart({ model, usage }: Iteration): Part {
  return typeof model === 'string' ? { responseModel: model, usage } : { usage };
}
