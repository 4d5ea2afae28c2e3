import type { AnswerFacts } from '@genops/core';
import { readMessageEvents } from '../anthropic-messages/events.ts';
import { readMessage } from '../anthropic-messages/usage.ts';
import { readConverseAnswer } from '../bedrock-converse/usage.ts';
import { readCohereAnswer } from '../cohere-chat/usage.ts';
import { readGeminiAnswer } from '../gemini/usage.ts';
import { readOllamaAnswer } from '../ollama-chat/usage.ts';
import { readAudioAnswer } from '../openai-audio/usage.ts';
import { readChatAnswer, readGoogleChatAnswer } from '../openai-chat/usage.ts';
import { readImageAnswer } from '../openai-images/usage.ts';
import { readResponse } from '../openai-responses/usage.ts';
import { listAt } from './fields.ts';

/** How the answers of one API are read: whole ones, and the events of streamed ones. */
interface Shape {
  readonly read: (answer: unknown) => AnswerFacts;
  /** @default every event is read like an answer, and later facts win */
  readonly readEvents?: (events: readonly unknown[]) => AnswerFacts;
}

const chat: Shape = { read: readChatAnswer };
const message: Shape = { read: readMessage, readEvents: readMessageEvents };
const gemini: Shape = { read: readGeminiAnswer };
const cohere: Shape = { read: readCohereAnswer };
const ollama: Shape = { read: readOllamaAnswer };
const converse: Shape = { read: readConverseAnswer };
const images: Shape = { read: readImageAnswer };
const audio: Shape = { read: readAudioAnswer };

/**
 * Which shape the answers of an API have. A name with a provider before it goes first; the others are the
 * same at every provider that has them: OpenAI, Azure OpenAI, Mistral, DeepSeek, xAI, Groq, Perplexity,
 * OpenRouter, Helicone, vLLM, Together, Fireworks and the like all add to one shape under names of their own.
 */
const shapes: ReadonlyMap<string, Shape> = new Map([
  ['chat.completions', chat],
  ['google/chat.completions', { read: readGoogleChatAnswer }],
  ['xai-sdk', chat],
  ['completions', chat],
  ['embeddings', chat],
  ['responses', { read: readResponse }],
  ['images', images],
  ['images.generate', images],
  ['images.edit', images],
  ['audio.transcriptions', audio],
  ['audio.translations', audio],
  ['audio.speech', audio],
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
  if (events.length === 0) return shape.read(json);
  if (shape.readEvents !== undefined) return shape.readEvents(events);
  return Object.assign({}, ...events.map(shape.read)) as AnswerFacts;
}
