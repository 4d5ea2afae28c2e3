/** What a program does with this SDK, whichever module system it came by. */
export async function main({ OpenRouter, OpenAI }) {
  const question = { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] };
  const apiKey = process.env.OPENROUTER_API_KEY;

  const openai = new OpenAI({ baseURL: 'https://openrouter.ai/api/v1', apiKey });
  const one = await openai.chat.completions.create(question);

  const openrouter = new OpenRouter({ apiKey });
  const other = await openrouter.chat.send({ chatRequest: question });

  process.stdout.write(JSON.stringify([one.choices[0].message.content, other.choices[0].message.content]));
}
