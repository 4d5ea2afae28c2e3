import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape, textBytes } from '../stream/stream-reader.ts';
import { at, listAt } from '../usage/fields.ts';
import { chatAnswer } from './usage.ts';

/**
 * A streamed chat answer. Later values replace earlier ones: usage is cumulative wherever it comes more
 * than once.
 *
 * Where the caller did not ask for usage, the last chunk, which has usage and no choices, is withheld.
 * The `"usage":null` that OpenAI then adds to the other chunks stays: every client reads it as absent.
 */
export const chatStream: StreamShape = {
  framing: serverSentEvents,
  answer: chatAnswer,
  fold: (answer, chunk) =>
    foldMembers(answer, {
      id: at(chunk, 'id'),
      model: at(chunk, 'model'),
      service_tier: at(chunk, 'service_tier'),
      provider: at(chunk, 'provider'),
      openrouter_metadata: at(chunk, 'openrouter_metadata'),
      usage: at(chunk, 'usage') ?? at(chunk, 'x_groq.usage'),
      error: at(chunk, 'error') ?? at(chunk, 'choices.0.error'),
    }),
  outputBytes,
  isUsageOnly(chunk) {
    const choices = at(chunk, 'choices');
    const usage = at(chunk, 'usage');
    return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object' && usage !== null;
  },
};

/** Everything that the model made: text, reasoning, refusals, tool calls. */
function outputBytes(chunk: unknown): number {
  let bytes = 0;
  for (const choice of listAt(chunk, 'choices')) {
    const delta = at(choice, 'delta');
    bytes += textBytes(at(choice, 'text'));
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
