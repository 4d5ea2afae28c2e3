import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at, listAt, textAt } from '../usage/fields.ts';
import { geminiAnswer } from './usage.ts';

/**
 * A streamed answer of `streamGenerateContent`: every chunk repeats usage so far. The format has no end of
 * its own; that a candidate says why it finished, or the prompt was refused, is the sign of it.
 */
export const geminiStream: StreamShape = {
  framing: serverSentEvents,
  answer: geminiAnswer,
  fold: (answer, chunk) =>
    foldMembers(answer, {
      responseId: at(chunk, 'responseId'),
      modelVersion: at(chunk, 'modelVersion'),
      serviceTier: at(chunk, 'serviceTier'),
      usageMetadata: at(chunk, 'usageMetadata'),
      candidates: groundedCandidates(chunk),
      error: at(chunk, 'error'),
    }),
  outputTexts,
  ends: (chunk) =>
    listAt(chunk, 'candidates').some((candidate) => textAt(candidate, 'finishReason') !== undefined) ||
    textAt(chunk, 'promptFeedback.blockReason') !== undefined,
  readsOn: true,
};

/** Searches are told in one chunk only, which later ones must not replace. */
function groundedCandidates(chunk: unknown): unknown {
  const candidates = listAt(chunk, 'candidates');
  return candidates.some((candidate) => listAt(candidate, 'groundingMetadata.webSearchQueries').length > 0)
    ? candidates
    : undefined;
}

/** Text, thoughts, code and calls of functions. */
function outputTexts(chunk: unknown): readonly unknown[] {
  const parts = listAt(chunk, 'candidates').flatMap((candidate) => listAt(candidate, 'content.parts'));
  return parts.flatMap((part) => [
    at(part, 'text'),
    at(part, 'executableCode.code'),
    JSON.stringify(at(part, 'functionCall')),
  ]);
}
