import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineProvider, type Provider } from '@genops/core';
import { openai } from '@genops/openai';

/** A provider that runs inside the proxy, so that everything can be tried without a key and without a network. */
export interface SimulatedProvider {
  readonly provider: Provider;
  close(): Promise<void>;
}

export const simulatedModels = ['simulated-small', 'simulated-large'] as const;

/** Starts it on a free port of this machine. It speaks OpenAI's chat format and answers with what it was told. */
export async function startSimulatedProvider(): Promise<SimulatedProvider> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    provider: defineProvider({
      ...openai,
      id: 'simulated',
      name: 'Simulated provider',
      baseUrl: `http://127.0.0.1:${port}/v1`,
      apiKeyEnv: '',
      routes: openai.routes.filter(({ path }) => path === '/chat/completions'),
    }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatRequest;
  const words = reply(asked);
  const usage = {
    prompt_tokens: asked.messages.reduce((sum, message) => sum + 4 + wordsOf(message.content).length, 3),
    completion_tokens: words.length,
  };
  const whole = { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens };
  const base = {
    id: `chatcmpl-${Date.now().toString(36)}`,
    created: Math.floor(Date.now() / 1000),
    model: asked.model,
  };
  if (asked.stream !== true) {
    const message = { role: 'assistant', content: words.join(' '), refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
    const body = JSON.stringify({ ...base, object: 'chat.completion', choices, usage: whole });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const send = (more: object): boolean =>
    response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...more })}\n\n`);
  const choice = (delta: object, finish: string | null): object => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  send(choice({ role: 'assistant', content: '' }, null));
  for (const [index, word] of words.entries())
    send(choice({ content: index === 0 ? word : ` ${word}` }, null));
  send(choice({}, 'stop'));
  if (asked.stream_options?.include_usage === true) send({ choices: [], usage: whole });
  response.end('data: [DONE]\n\n');
}

/** Says what it is, and what it heard last, in as many words as it may. */
function reply(asked: ChatRequest): string[] {
  const heard = wordsOf(asked.messages.at(-1)?.content).slice(0, 24);
  const words = ['This', 'is', 'a', 'simulated', 'answer.', 'You', 'said:', ...heard];
  return words.slice(0, asked.max_completion_tokens ?? asked.max_tokens ?? words.length);
}

function wordsOf(content: unknown): string[] {
  const text = typeof content === 'string' ? content : JSON.stringify(content ?? '');
  return text.split(/\s+/).filter((word) => word !== '');
}
