import OpenAI from 'openai';

const client = new OpenAI();
try {
  await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Hello?' }],
    max_tokens: 20,
  });
} catch (error) {
  const { status, code } = error;
  process.stdout.write(JSON.stringify({ name: error.constructor.name, status, code }));
}
