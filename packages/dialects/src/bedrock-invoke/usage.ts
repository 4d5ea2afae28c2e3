import type { AnswerFacts } from '@genops/core';
import { messageAnswer } from '../anthropic-messages/usage.ts';
import { converseAnswer } from '../bedrock-converse/usage.ts';
import { chatAnswer } from '../openai-chat/usage.ts';
import type { AnswerShape } from '../usage/answer.ts';
import { at, listAt, present, readFields } from '../usage/fields.ts';
import { sumOf, usageOf } from '../usage/read-usage.ts';

/** What the service adds to the last event of a stream, whoever made the model. */
export const metricsKey = 'amazon-bedrock-invocationMetrics';

/**
 * An answer of InvokeModel, in the format of the model's maker: it is told by the counters that it has. An
 * answer without any leaves them to the head, where the service counts every answer's tokens.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (checked 2026-11-30)
 */
export const invokeAnswer: AnswerShape = {
  about: (answer) => shapeOf(answer)?.about(answer) ?? {},
  usage: (answer) => {
    const shape = shapeOf(answer);
    return shape === undefined ? readCounts(answer) : shape.usage(answer);
  },
};

/** Images that were made; those that were filtered are not among them. */
export const imagesAnswer: AnswerShape = {
  about: invokeAnswer.about,
  usage: (answer) => {
    const images = at(answer, 'images');
    return Array.isArray(images) ? { usage: { images: images.filter((one) => one !== null).length } } : {};
  },
};

/** Amazon's, Anthropic's, or OpenAI's, which several other makers speak. */
function shapeOf(answer: unknown): AnswerShape | undefined {
  if (at(answer, 'usage.inputTokens') !== undefined || at(answer, 'error') !== undefined)
    return converseAnswer;
  if (at(answer, 'usage.input_tokens') !== undefined) return messageAnswer;
  return at(answer, 'usage.prompt_tokens') === undefined ? undefined : chatAnswer;
}

/** Llama's and Titan's own counters, and the service's at the end of a stream. */
function readCounts(answer: unknown): AnswerFacts {
  const { count } = readFields(answer, { name: 'answer' });
  const metrics = readFields(at(answer, metricsKey), { name: 'invocationMetrics' });
  const results = listAt(answer, 'results').map((result) =>
    readFields(result, { name: 'result' }).count('tokenCount'),
  );
  const read = metrics.count('cacheReadInputTokenCount');
  const written = metrics.count('cacheWriteInputTokenCount');
  return present<AnswerFacts>({
    usage: usageOf({
      inputTokens:
        count('prompt_token_count', 'inputTextTokenCount') ??
        sumOf(metrics.count('inputTokenCount'), read, written),
      cacheReadInputTokens: read,
      cacheCreationInputTokens: written,
      outputTokens: count('generation_token_count') ?? sumOf(...results) ?? metrics.count('outputTokenCount'),
    }),
  });
}
