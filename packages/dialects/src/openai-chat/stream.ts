import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
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
  outputTexts,
  varying: ['obfuscation'],
  isUsageOnly(chunk) {
    const choices = at(chunk, 'choices');
    const usage = at(chunk, 'usage');
    return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object' && usage !== null;
  },
};

/** Text, reasoning, refusals, tool calls. */
function outputTexts(chunk: unknown): readonly unknown[] {
  return listAt(chunk, 'choices').flatMap((choice) => {
    const delta = at(choice, 'delta');
    const calls = [...listAt(delta, 'tool_calls'), delta].map(
      (call) => at(call, 'function') ?? at(call, 'function_call'),
    );
    return [
      at(choice, 'text'),
      at(delta, 'content'),
      at(delta, 'reasoning_content'),
      at(delta, 'reasoning'),
      at(delta, 'refusal'),
      at(delta, 'audio.transcript'),
      ...calls.flatMap((made) => [at(made, 'name'), at(made, 'arguments')]),
    ];
  });
}
