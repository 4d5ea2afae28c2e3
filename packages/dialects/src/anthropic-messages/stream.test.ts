import { describe, expect, it } from 'vitest';
import { readStream } from '../../test/streams.ts';
import { anthropicMessages } from './index.ts';

const read = (...events: readonly { readonly type: string }[]) =>
  readStream(
    anthropicMessages.createStreamReader({ withholdUsage: false }),
    Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')),
  ).facts;

const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'claude-sonnet-5',
    usage: {
      input_tokens: 10,
      output_tokens: 1,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    },
  },
};

describe('createStreamReader', () => {
  it('has the usage of the start when nothing more came', () => {
    expect(read(start)).toMatchObject({
      responseId: 'msg_1',
      complete: false,
      usage: { inputTokens: 40, cacheCreation1hInputTokens: 20, outputTokens: 1 },
    });
  });

  it('replaces counters, which are cumulative, and leaves those that are null', () => {
    const delta = (output: number) => ({
      type: 'message_delta',
      usage: { output_tokens: output, input_tokens: null, cache_creation_input_tokens: 30 },
    });
    expect(read(start, delta(5), delta(9)).usage).toMatchObject({ inputTokens: 40, outputTokens: 9 });
  });

  it('forgets lifetimes that a later total has fallen below', () => {
    const delta = { type: 'message_delta', usage: { output_tokens: 5, cache_creation_input_tokens: 0 } };
    expect(read(start, delta).usage).toEqual({
      inputTokens: 10,
      cacheCreationInputTokens: 0,
      outputTokens: 5,
    });
  });

  it('keeps what it knows of a message that ends with an error', () => {
    const facts = read(start, {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    } as never);
    expect(facts).toMatchObject({
      responseModel: 'claude-sonnet-5',
      error: { message: 'Overloaded', code: 'overloaded_error' },
      complete: false,
    });
  });

  it('tells who answered also when the counters cannot be', () => {
    const facts = read(start, { type: 'message_delta', usage: { output_tokens: -4 } } as never);
    expect(facts).toMatchObject({
      responseModel: 'claude-sonnet-5',
      usageProblem: expect.stringContaining('-4'),
    });
    expect(facts.usage).toBeUndefined();
  });
});
