import { patchOpenRouter, unpatchOpenRouter } from '@genops/register/api';
import OpenAI from 'openai';

const bare = globalThis.fetch;
const question = { messages: [{ role: 'user', content: 'Hello?' }] };
const clients = () => [
  [
    new OpenAI({ baseURL: 'https://openrouter.ai/api/v1', apiKey: process.env.OPENROUTER_API_KEY }),
    'openai/gpt-4o',
  ],
  [new OpenAI(), 'gpt-4o-mini'],
];
const askAll = async () => {
  for (const [client, model] of clients()) await client.chat.completions.create({ ...question, model });
};

patchOpenRouter({ attribution: { team: 'patched' } });
await askAll();
await unpatchOpenRouter();
await askAll();
process.stdout.write(JSON.stringify({ restored: globalThis.fetch === bare }));
