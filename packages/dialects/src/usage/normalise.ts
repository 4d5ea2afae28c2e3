import type { AnswerFacts } from '@genops/core';
import { messageStream } from '../anthropic-messages/stream.ts';
import { messageAnswer } from '../anthropic-messages/usage.ts';
import { converseAnswer } from '../bedrock-converse/usage.ts';
import { cohereStream } from '../cohere-chat/stream.ts';
import { cohereAnswer } from '../cohere-chat/usage.ts';
import { geminiStream } from '../gemini/stream.ts';
import { geminiAnswer } from '../gemini/usage.ts';
import { ollamaAnswer } from '../ollama-chat/usage.ts';
import { speechAnswer, transcriptionAnswer } from '../openai-audio/usage.ts';
import { chatStream } from '../openai-chat/stream.ts';
import { chatAnswer, googleChatAnswer } from '../openai-chat/usage.ts';
import { imagesAnswer } from '../openai-images/usage.ts';
import { responsesStream } from '../openai-responses/stream.ts';
import { responsesAnswer } from '../openai-responses/usage.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { type AnswerShape, readAnswer } from './answer.ts';
import { listAt } from './fields.ts';

/** How the answers of one API are read: whole ones, and the events of streamed ones. */
interface Shape {
  readonly answer: AnswerShape;
  /** @default later members win */
  readonly fold?: StreamShape['fold'];
}

const chat: Shape = { answer: chatAnswer, fold: chatStream.fold };
const message: Shape = { answer: messageAnswer, fold: messageStream.fold };
const gemini: Shape = { answer: geminiAnswer, fold: geminiStream.fold };
const cohere: Shape = { answer: cohereAnswer, fold: cohereStream.fold };
const ollama: Shape = { answer: ollamaAnswer };
const converse: Shape = { answer: converseAnswer };
const images: Shape = { answer: imagesAnswer };
const transcription: Shape = { answer: transcriptionAnswer };

/**
 * Which shape the answers of an API have. A name with a provider before it goes first; the others are the
 * same at every provider that has them: OpenAI, Azure OpenAI, Mistral, DeepSeek, xAI, Groq, Perplexity,
 * OpenRouter, Helicone, vLLM, Together, Fireworks and the like all add to one shape under names of their own.
 */
const shapes: ReadonlyMap<string, Shape> = new Map([
  ['chat.completions', chat],
  ['google/chat.completions', { answer: googleChatAnswer, fold: chatStream.fold }],
  ['xai-sdk', chat],
  ['completions', chat],
  ['embeddings', chat],
  ['responses', { answer: responsesAnswer, fold: responsesStream.fold }],
  ['images', images],
  ['images.generate', images],
  ['images.edit', images],
  ['audio.transcriptions', transcription],
  ['audio.translations', transcription],
  ['audio.speech', { answer: speechAnswer }],
  ['messages', message],
  ['generateContent', gemini],
  ['streamGenerateContent', gemini],
  ['embedContent', gemini],
  ['batchEmbedContents', gemini],
  ['converse', converse],
  ['converse-stream', converse],
  ['v1.chat', cohere],
  ['v2.chat', cohere],
  ['v2.rerank', cohere],
  ['v2.embed', cohere],
  ['cohere/chat', cohere],
  ['cohere/rerank', cohere],
  ['cohere/embed', cohere],
  ['ollama/chat', ollama],
  ['ollama/generate', ollama],
  ['ollama/embed', ollama],
]);

/**
 * What an answer of some API says about usage and cost, in the one shape that is priced.
 *
 * @param source.provider - as in the price catalogue: `openai`
 * @param source.api - such as `chat.completions`, `messages.stream`, `generateContent`
 * @param json - the answer, or the part of it that has usage, as parsed; streams as `{"events": […]}`
 * @returns `undefined` when the API is not known
 * @throws {UsageError} for counters that cannot be
 */
export function normaliseUsage(
  source: { readonly provider: string; readonly api: string },
  json: unknown,
): AnswerFacts | undefined {
  const api = source.api.replace(/(\.stream| \(native\))$/, '');
  const shape = shapes.get(`${source.provider}/${api}`) ?? shapes.get(api);
  if (shape === undefined) return undefined;
  const events = listAt(json, 'events');
  if (events.length === 0) return readAnswer(shape.answer, json);
  const fold = shape.fold ?? foldLater;
  return readAnswer(
    shape.answer,
    events.reduce<object>((answer, event) => fold(answer, event), {}),
  );
}

function foldLater(answer: object, event: unknown): object {
  return typeof event === 'object' && event !== null ? foldMembers(answer, { ...event }) : answer;
}
