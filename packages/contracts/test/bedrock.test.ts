import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { bedrock, throughFetch } from '@genops/bedrock';
import { withBaseUrl } from '@genops/core';
import { bedrockFormat } from '@genops/testing';
import { describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([bedrockFormat], ({ url }) => [withBaseUrl(bedrock, url)]);

function bare(): BedrockRuntimeClientConfig {
  return {
    region: 'us-east-1',
    endpoint: fake.upstream.url,
    credentials: { accessKeyId: fake.upstream.apiKey, secretAccessKey: 'secret' },
  };
}

function client(): BedrockRuntimeClient {
  return new BedrockRuntimeClient({ ...bare(), ...throughFetch(fake.governor.fetch) });
}

const question: ConverseCommandInput = {
  modelId: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  messages: [{ role: 'user', content: [{ text: 'What time is it?' }] }],
  inferenceConfig: { maxTokens: 100 },
};
const usage = {
  inputTokens: 100,
  outputTokens: 50,
  totalTokens: 1350,
  cacheReadInputTokens: 1000,
  cacheWriteInputTokens: 200,
};

describe('the AWS client', () => {
  it('gets its answer, and leaves an entry with cache counted into the input', async () => {
    fake.upstream.setReply({ usage, text: 'Noon.' });
    const answer = await client().send(new ConverseCommand(question));
    expect(answer.output?.message?.content?.[0]?.text).toBe('Noon.');
    expect(answer.usage).toMatchObject({ inputTokens: 100 });
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      provider: 'aws-bedrock',
      requestModel: question.modelId,
      responseId: answer.$metadata.requestId,
      outcome: 'completed',
      usage: {
        inputTokens: 1300,
        cacheReadInputTokens: 1000,
        cacheCreationInputTokens: 200,
        outputTokens: 50,
      },
    });
    expect(entry?.cost).toMatchObject({ result: 'priced', basis: 'computed' });
  });

  it('streams to the same bill', async () => {
    fake.upstream.setReply({ usage });
    await client().send(new ConverseCommand(question));
    const { stream } = await client().send(new ConverseStreamCommand(question));
    let text = '';
    for await (const event of stream ?? []) text += event.contentBlockDelta?.delta?.text ?? '';
    expect(text).toMatch(/^This is a fake answer/);
    const [whole, streamed] = await fake.entries();
    expect(streamed).toMatchObject({ stream: true, outcome: 'completed', usage: whole?.usage });
    expect(streamed?.cost).toEqual(whole?.cost);
  });

  it('charges an estimate when a stream is aborted, and the upstream is told', async () => {
    fake.upstream.setReply({ chunks: 100, chunkDelayMs: 2 });
    const abort = new AbortController();
    const { stream } = await client().send(new ConverseStreamCommand(question), {
      abortSignal: abort.signal,
    });
    let seen = 0;
    const read = async (): Promise<void> => {
      for await (const _ of stream ?? []) if (++seen === 3) abort.abort();
    };
    await expect(read()).rejects.toThrow();
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    expect((await fake.entries())[0]).toMatchObject({ outcome: 'cancelled' });
    await expect.poll(() => fake.upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('is signed for the host that it reaches', async () => {
    await client().send(new ConverseCommand(question));
    await new BedrockRuntimeClient({ ...bare(), ...throughFetch(fetch) }).send(new ConverseCommand(question));
    const [governed, direct] = fake.upstream.requests;
    expect(governed?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 .*SignedHeaders=[^,]*host/);
    expect(governed?.headers.host).toBe(direct?.headers.host);
  });

  it('is refused once, under a name that it knows, when a limit is reached', async () => {
    await fake.limitTo('0.000001');
    const refused = client().send(new ConverseCommand(question));
    await expect(refused).rejects.toMatchObject({
      name: 'ThrottlingException',
      reason: 'budget_exceeded',
      $metadata: { httpStatusCode: 429, attempts: 1 },
    });
    expect(fake.upstream.requests).toHaveLength(0);
    expect(await fake.entries()).toHaveLength(1);
  });

  it('passes an error on as it came and charges nothing', async () => {
    fake.upstream.setReply({ status: 503 });
    await expect(client().send(new ConverseCommand(question))).rejects.toMatchObject({
      name: 'ServiceUnavailableException',
    });
    expect(totalOf((await fake.entries())[0])).toBe('0');
  });

  it('can be aborted', async () => {
    fake.upstream.holdResponses();
    const abort = new AbortController();
    const pending = client().send(new ConverseCommand(question), { abortSignal: abort.signal });
    const aborted = expect(pending).rejects.toThrow();
    await fake.upstream.waitForHeld(1);
    abort.abort();
    await aborted;
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    fake.upstream.releaseAll();
  });
});
