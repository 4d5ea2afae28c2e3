// One call through each adapter's package, for `check-alone.mjs`: how its provider is made at an address, what is
// asked there, and what comes back.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';

const chat = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Where is the station?' }],
  max_completion_tokens: 50,
};
const messages = { model: 'claude-haiku-4-5', messages: chat.messages, max_tokens: 50 };
const contents = {
  contents: [{ parts: [{ text: 'Where is the station?' }] }],
  generationConfig: { maxOutputTokens: 50 },
};
const converse = {
  messages: [{ role: 'user', content: [{ text: 'Where is the station?' }] }],
  inferenceConfig: { maxTokens: 50 },
};

/**
 * @typedef {object} AloneCall
 * @property {string} provider - an expression of `adapter`, `url` and `withBaseUrl`
 * @property {string} path - below the provider's address
 * @property {unknown} body
 * @property {string} answer - of the adapter's fixtures
 * @property {readonly string[]} [beside] - workspace packages that are used with it
 * @property {readonly string[]} [clients] - packages of others, in the versions that the contracts are tested with
 * @property {string} [imports]
 * @property {string} [ask] - what asks for text in place of the governor's fetch
 */

/** @type {Readonly<Record<string, AloneCall>>} */
const aloneCalls = {
  '@genops/openai': {
    provider: 'withBaseUrl(adapter.openai, url)',
    path: '/chat/completions',
    body: chat,
    answer: 'chat.json',
  },
  '@genops/anthropic': {
    provider: 'withBaseUrl(adapter.anthropic, url)',
    path: '/v1/messages',
    body: messages,
    answer: 'message.json',
  },
  '@genops/azure-openai': {
    provider: "adapter.createAzureOpenAI({ endpoint: url, deployments: { ours: 'gpt-4o-mini' } })",
    path: '/deployments/ours/chat/completions?api-version=2024-10-21',
    body: chat,
    answer: 'chat.json',
  },
  '@genops/bedrock': {
    provider: "withBaseUrl(adapter.createBedrock({ region: 'us-east-1' }), url)",
    path: '/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse',
    body: converse,
    answer: 'converse.json',
  },
  '@genops/google': {
    provider: 'withBaseUrl(adapter.google, url)',
    path: '/v1beta/models/gemini-2.5-flash:generateContent',
    body: contents,
    answer: 'generate.json',
  },
  '@genops/helicone': {
    provider: 'withBaseUrl(adapter.helicone, url)',
    path: '/chat/completions',
    body: chat,
    answer: 'chat.json',
  },
  '@genops/openai-compatible': {
    provider: 'withBaseUrl(adapter.groq, url)',
    path: '/chat/completions',
    body: { ...chat, model: 'llama-3.3-70b-versatile' },
    answer: 'groq/chat.json',
  },
  '@genops/openrouter': {
    provider: 'withBaseUrl(adapter.openrouter, url)',
    path: '/chat/completions',
    body: { ...chat, model: 'openai/gpt-4o-mini' },
    answer: 'chat.json',
  },
  '@genops/skyrouter': {
    provider: 'adapter.createSkyRouter({ baseUrl: url })',
    path: '/chat/completions',
    body: { ...chat, model: 'openai/gpt-4o-mini' },
    answer: 'chat.json',
  },
  '@genops/ai-sdk': {
    provider: 'withBaseUrl(openai, url)',
    path: '/chat/completions',
    body: chat,
    answer: '../../openai/fixtures/chat.json',
    beside: ['@genops/openai'],
    clients: ['ai', '@ai-sdk/openai'],
    imports: `import { createOpenAI } from '@ai-sdk/openai';
import { openai } from '@genops/openai';
import { generateText, wrapLanguageModel } from 'ai';
`,
    ask: `const { chat } = createOpenAI({ baseURL: url, apiKey: 'key', fetch: governor.fetch });
const middleware = adapter.genopsMiddleware({ ledger: governor.ledger });
const { text, providerMetadata } = await generateText({
  model: wrapLanguageModel({ model: chat('gpt-4o-mini'), middleware }),
  prompt: 'Where is the station?',
});
if (!answer.includes(text) || providerMetadata.genops.cost === undefined) throw new Error(text);
`,
  },
};

/** @type {AloneCall['ask']} */
const askThroughFetch = `const response = await governor.fetch(provider.baseUrl + path, {
  method: 'POST',
  headers: { ...provider.authorize('key'), 'content-type': 'application/json' },
  body,
});
if ((await response.text()) !== answer) throw new Error('another answer');
`;

/** @param {string} name */
export function aloneCallOf(name) {
  const call = aloneCalls[name];
  if (call === undefined) throw new Error(`scripts/alone-calls.mjs has no call for ${name}`);
  return call;
}

/**
 * A program that makes the call against a server of its own, and prints what it cost.
 *
 * @param {string} name
 * @param {string} folder - of the adapter
 * @returns {string}
 */
export function programOf(name, folder) {
  const call = aloneCallOf(name);
  const answer = readFileSync(join(root, folder, 'fixtures', call.answer), 'utf8');
  return `import { createServer } from 'node:http';
import { amountOf, withBaseUrl } from '@genops/core';
import { createGovernor } from '@genops/governor';
import * as adapter from '${name}';
${call.imports ?? ''}
const answer = ${JSON.stringify(answer)};
const path = ${JSON.stringify(call.path)};
const body = ${JSON.stringify(JSON.stringify(call.body))};
const server = createServer((request, response) => {
  request.resume().once('end', () => response.setHeader('content-type', 'application/json').end(answer));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = 'http://127.0.0.1:' + server.address().port;
const provider = ${call.provider};
const governor = createGovernor({ providers: [provider] });
${call.ask ?? askThroughFetch}const { entries } = await governor.ledger.entries();
const [{ cost, kind }] = entries;
if (entries.length !== 1 || kind !== 'settled' || cost.result !== 'priced') throw new Error(JSON.stringify(entries));
console.log(amountOf(cost.total), cost.total.currency);
await governor.close();
server.close();
`;
}
