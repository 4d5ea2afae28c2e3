import OpenAI from 'openai';

const { SKYROUTER_BASE_URL: baseURL, SKYROUTER_API_KEY: apiKey } = process.env;
const client = new OpenAI({ baseURL, apiKey });
await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Hello?' }],
  max_tokens: 20,
});
