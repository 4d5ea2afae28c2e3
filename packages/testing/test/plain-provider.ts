import {
  type Dialect,
  defineProvider,
  InvalidRequestError,
  type Provider,
  type StreamReader,
  type Usage,
} from '@genops/core';
import type { ProviderFixtures } from '../src/conformance/index.ts';

interface PlainRequest {
  readonly model: string;
  readonly cap?: number;
  readonly stream?: boolean;
  readonly usage?: boolean;
}

interface PlainAnswer {
  readonly text?: string;
  readonly usage?: Usage;
  readonly error?: { readonly message: string; readonly code: string };
  readonly done?: true;
}

/** The smallest format that has everything a format needs: what the suite is tested with. */
export const plainDialect: Dialect = {
  id: 'plain',
  operation: 'chat',
  openRequest(bytes) {
    const body = parse<PlainRequest>(bytes);
    if (typeof body?.model !== 'string') throw new InvalidRequestError('expected a model', 'model');
    return {
      facts: {
        requestModel: body.model,
        stream: body.stream ?? false,
        choices: 1,
        inputBytes: bytes.byteLength,
        ...(body.cap === undefined ? {} : { maxOutputTokens: body.cap }),
      },
      usageRequested: body.usage ?? false,
      rewrite({ model = body.model, maxOutputTokens: cap = body.cap, reportUsage }) {
        const changed = { ...body, model, ...(cap && { cap }), ...(reportUsage && { usage: true }) };
        return JSON.stringify(changed) === JSON.stringify(body)
          ? bytes
          : Buffer.from(JSON.stringify(changed));
      },
    };
  },
  readAnswer(bytes) {
    const { usage, error } = parse<PlainAnswer>(bytes) ?? {};
    return { ...(usage && { usage }), ...(error && { error }) };
  },
  createStreamReader: ({ withholdUsage }) => createReader(withholdUsage),
  renderError: ({ message, code }) => Buffer.from(JSON.stringify({ error: { message, code } })),
  renderStreamError: ({ message, code }) =>
    Buffer.from(`${JSON.stringify({ error: { message, code } })}\n\n`),
};

function createReader(withholdUsage: boolean): StreamReader {
  let kept = Buffer.alloc(0);
  let facts = { complete: false, outputBytes: 0, outputEvents: 0 };
  return {
    push(chunk) {
      kept = Buffer.concat([kept, chunk]);
      const passed: Uint8Array[] = [];
      for (let end = kept.indexOf('\n\n'); end >= 0; end = kept.indexOf('\n\n')) {
        const event = kept.subarray(0, end + 2);
        kept = kept.subarray(end + 2);
        const { text, done, ...rest } = parse<PlainAnswer>(event) ?? {};
        const bytes = Buffer.byteLength(text ?? '');
        facts = {
          ...facts,
          ...rest,
          complete: facts.complete || done === true,
          outputBytes: facts.outputBytes + bytes,
          outputEvents: facts.outputEvents + Math.sign(bytes),
        };
        if (!(withholdUsage && rest.usage)) passed.push(event);
      }
      return passed;
    },
    flush: () => [kept],
    facts: () => facts,
  };
}

export const plain: Provider = defineProvider({
  id: 'plain',
  name: 'Plain',
  baseUrl: 'https://plain.example/v1',
  apiKeyEnv: 'PLAIN_API_KEY',
  authorize: (apiKey) => ({ 'x-key': apiKey }),
  routes: [
    { kind: 'metered', method: 'POST', path: '/say', dialect: plainDialect },
    { kind: 'free', method: 'GET', path: '/models/*' },
  ],
});

const usage: Usage = { inputTokens: 9, cacheReadInputTokens: 4, outputTokens: 2 };
const events: readonly PlainAnswer[] = [{ text: 'é' }, { text: '🙂!' }, { usage }, { done: true }];

export const plainFixtures: ProviderFixtures = {
  keyHeaders: (apiKey) => ({ 'x-key': apiKey }),
  exchanges: [
    {
      path: '/say',
      request: {
        bytes: bytesOf({ model: 'p-1', stream: true }),
        facts: { requestModel: 'p-1', stream: true },
      },
      answer: { bytes: bytesOf({ text: 'é🙂!', usage }), facts: { usage } },
      stream: {
        bytes: Buffer.from(events.map((event) => `${JSON.stringify(event)}\n\n`).join('')),
        facts: { usage, complete: true, outputBytes: 7, outputEvents: 2 },
      },
      error: {
        bytes: bytesOf({ error: { message: 'Too fast', code: 'slow_down' } }),
        error: { status: 429, type: 'rate_limit', code: 'slow_down', message: 'Too fast' },
      },
    },
  ],
};

function bytesOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function parse<Shape>(bytes: Uint8Array): Shape | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) ?? undefined;
  } catch {
    return undefined;
  }
}
