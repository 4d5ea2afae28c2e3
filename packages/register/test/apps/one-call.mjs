import OpenAI from 'openai';

const client = new OpenAI();
await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Hello?' }],
  max_tokens: 20,
});
