import { jsonLines } from '../stream/json-lines.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at, listAt } from '../usage/fields.ts';
import { ollamaAnswer } from './usage.ts';

/** A streamed chat of Ollama: one object a line, the last of which has usage. */
export const ollamaStream: StreamShape = {
  framing: jsonLines,
  answer: ollamaAnswer,
  fold: (answer, line) =>
    foldMembers(answer, {
      model: at(line, 'model'),
      prompt_eval_count: at(line, 'prompt_eval_count'),
      eval_count: at(line, 'eval_count'),
      error: at(line, 'error'),
    }),
  outputTexts(line) {
    const calls = listAt(line, 'message.tool_calls').map((call) => JSON.stringify(at(call, 'function')));
    return [at(line, 'message.content'), at(line, 'message.thinking'), at(line, 'response'), ...calls];
  },
  ends: (line) => at(line, 'done') === true,
};
