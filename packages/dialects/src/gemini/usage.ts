import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, listAt, present, textAt, type UsageFields } from '../usage/fields.ts';
import { type Counters, readUsage, sumOf } from '../usage/read-usage.ts';

type Modality = 'AUDIO' | 'IMAGE' | 'VIDEO';

/**
 * An answer of `generateContent`. Cached tokens are inside the prompt; thoughts are beside the candidates and
 * what tools returned is beside the prompt, so both are added.
 *
 * @see https://ai.google.dev/api/generate-content#UsageMetadata (checked 2026-11-20)
 */
export const geminiAnswer: AnswerShape = {
  about: (answer) =>
    present<AnswerFacts>({
      responseId: textAt(answer, 'responseId'),
      responseModel: textAt(answer, 'modelVersion'),
      serviceTier: readTier(answer),
      error: readAnswerError(at(answer, 'error')),
    }),
  usage: (answer) =>
    readUsage(at(answer, 'usageMetadata'), {
      name: 'usageMetadata',
      known,
      read: (fields) => ({ counters: { ...readTokens(fields), ...readGrounding(answer) } }),
    }),
};

const known: ReadonlySet<string> = new Set(['totalTokenCount', 'initialPromptTokenCount']);

/** Embeddings spell the first one without its "s". */
const inputLists = ['promptTokensDetails', 'promptTokenDetails', 'toolUsePromptTokensDetails'];
const cachedLists = ['cacheTokensDetails'];
const outputLists = ['candidatesTokensDetails', 'responseTokensDetails'];

function readTokens(fields: UsageFields): Counters {
  const { count } = fields;
  const thoughts = count('thoughtsTokenCount');
  const input = tokensByModality(fields, inputLists);
  const cached = tokensByModality(fields, cachedLists);
  const output = tokensByModality(fields, outputLists);
  const video = input('VIDEO');
  return {
    inputTokens: sumOf(count('promptTokenCount'), count('toolUsePromptTokenCount')),
    cacheReadInputTokens: count('cachedContentTokenCount'),
    inputAudioTokens: input('AUDIO'),
    inputImageTokens: input('IMAGE'),
    // Cached video has no counter of its own: it is a part of what was read from the cache.
    inputVideoTokens: video === undefined ? undefined : Math.max(0, video - (cached('VIDEO') ?? 0)),
    cacheReadInputAudioTokens: cached('AUDIO'),
    cacheReadInputImageTokens: cached('IMAGE'),
    outputTokens: sumOf(count('candidatesTokenCount', 'responseTokenCount'), thoughts),
    reasoningOutputTokens: thoughts,
    outputAudioTokens: output('AUDIO'),
    outputImageTokens: output('IMAGE'),
    outputVideoTokens: output('VIDEO'),
  };
}

/** Sums lists of `{modality, tokenCount}`. Whatever is in none of them is text. */
function tokensByModality(
  fields: UsageFields,
  lists: readonly string[],
): (modality: Modality) => number | undefined {
  const tokens = new Map<unknown, number>();
  for (const detail of lists.flatMap((list) => fields.list(list))) {
    const modality = detail.value('modality');
    tokens.set(modality, (tokens.get(modality) ?? 0) + (detail.count('tokenCount') ?? 0));
  }
  return (modality) => tokens.get(modality);
}

/**
 * Searches on Google's side, which usage does not tell: up to Gemini 2.5 a prompt is charged once however
 * many searches it took, from Gemini 3 on every search is.
 *
 * @see https://ai.google.dev/gemini-api/docs/pricing (checked 2026-11-20)
 */
function readGrounding(answer: unknown): Counters {
  const queries = listAt(answer, 'candidates').flatMap((candidate) =>
    listAt(candidate, 'groundingMetadata.webSearchQueries').filter((query) => query !== ''),
  );
  if (queries.length === 0) return {};
  return /gemini-[12][.-]/.test(textAt(answer, 'modelVersion') ?? '')
    ? { groundedPrompts: 1 }
    : { searchQueries: queries.length };
}

/** The tier that served, in the words of price lists. */
const tierOfTraffic: Readonly<Record<string, string>> = {
  ON_DEMAND: 'standard',
  ON_DEMAND_PRIORITY: 'priority',
  ON_DEMAND_FLEX: 'flex',
  ON_DEMAND_OFFPEAK: 'off_peak',
  PROVISIONED_THROUGHPUT: 'provisioned',
};

function readTier(answer: unknown): string | undefined {
  const named = textAt(answer, 'serviceTier') ?? textAt(answer, 'usageMetadata.serviceTier');
  if (named !== undefined) return named.toLowerCase();
  const traffic = textAt(answer, 'usageMetadata.trafficType');
  return traffic !== undefined && Object.hasOwn(tierOfTraffic, traffic) ? tierOfTraffic[traffic] : undefined;
}
