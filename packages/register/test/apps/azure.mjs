import { AzureOpenAI } from 'openai';

const apiKey = process.env.OPENAI_API_KEY;
// The fake upstream knows no `api-key`.
const client = new AzureOpenAI({ apiKey, defaultHeaders: { authorization: `Bearer ${apiKey}` } });
await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Hello?' }],
  max_tokens: 20,
});
