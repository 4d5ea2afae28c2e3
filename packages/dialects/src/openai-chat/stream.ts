import { type AnswerFacts, hasErrorCode, type StreamFacts, type StreamReader } from '@genops/core';
import { createEventStream } from '../sse/event-stream.ts';
import { at, listAt, present } from '../usage/fields.ts';
import { readChatAnswer } from './usage.ts';

const endMark = Buffer.from('[DONE]');

/**
 * Reads a streamed chat answer while it passes. Later values replace earlier ones: usage is cumulative
 * wherever it comes more than once.
 *
 * Where the caller did not ask for usage, the last chunk, which has usage and no choices, is withheld.
 * The `"usage":null` that OpenAI then adds to the other chunks stays: every client reads it as absent.
 */
export function createChatStreamReader(options: { readonly withholdUsage: boolean }): StreamReader {
  let facts: AnswerFacts = {};
  let complete = false;
  let outputBytes = 0;
  let outputEvents = 0;

  const events = createEventStream({
    withholds: options.withholdUsage,
    onEvent({ data }) {
      if (complete) return false;
      if (data.equals(endMark)) {
        complete = true;
        return false;
      }
      const chunk = parse(data);
      if (chunk === undefined) return false;
      facts = mergeAnswers(facts, readChunk(chunk));
      const bytes = outputIn(chunk);
      outputBytes += bytes;
      if (bytes > 0) outputEvents += 1;
      return options.withholdUsage && isUsageOnly(chunk);
    },
  });

  return {
    ...events,
    facts: (): StreamFacts => ({ ...facts, complete, outputBytes, outputEvents }),
  };
}

/** Later facts win; once counters came that cannot be, no others are believed. */
function mergeAnswers(earlier: AnswerFacts, later: AnswerFacts): AnswerFacts {
  const merged = { ...earlier, ...later };
  if (merged.usageProblem === undefined) return merged;
  const { usage: _usage, ...rest } = merged;
  return rest;
}

/** Whatever is not JSON is passed on and says nothing. */
function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}

/** Counters that cannot be are no usage; why is told beside. */
function readChunk(chunk: unknown): AnswerFacts {
  try {
    return readChatAnswer(chunk);
  } catch (error) {
    if (!hasErrorCode(error, 'invalid_usage')) throw error;
    return present<AnswerFacts>({ usageProblem: error.message });
  }
}

/** A chunk that is there for its usage only. */
function isUsageOnly(chunk: unknown): boolean {
  const choices = at(chunk, 'choices');
  const usage = at(chunk, 'usage');
  return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object' && usage !== null;
}

/** UTF-8 bytes of everything in a chunk that the model made: text, reasoning, refusals, tool calls. */
function outputIn(chunk: unknown): number {
  let bytes = 0;
  for (const choice of listAt(chunk, 'choices')) {
    const delta = at(choice, 'delta');
    for (const key of ['content', 'reasoning_content', 'reasoning', 'refusal', 'audio.transcript']) {
      bytes += textBytes(at(delta, key));
    }
    for (const call of [...listAt(delta, 'tool_calls'), delta]) {
      const made = at(call, 'function') ?? at(call, 'function_call');
      bytes += textBytes(at(made, 'name')) + textBytes(at(made, 'arguments'));
    }
  }
  return bytes;
}

function textBytes(value: unknown): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : 0;
}
