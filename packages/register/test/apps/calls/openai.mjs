/** What a program does with this SDK, whichever module system it came by. */
export async function main({ OpenAI }) {
  const client = new OpenAI();
  const question = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }], max_tokens: 20 };

  const { data, response } = await client.chat.completions.create(question).withResponse();
  const raw = await client.chat.completions.create(question).asResponse();
  let streamed = '';
  for await (const chunk of await client.chat.completions.create({ ...question, stream: true })) {
    streamed += chunk.choices[0]?.delta.content ?? '';
  }
  const helped = await client.chat.completions.stream(question).finalContent();
  const left = await client.chat.completions.create({ ...question, model: 'gpt-4o', stream: true });
  for await (const _ of left) break;

  process.stdout.write(
    JSON.stringify({
      whole: data.choices[0].message.content,
      id: response.headers.get('x-genops-request-id') !== null,
      raw: (await raw.json()).choices[0].message.content,
      streamed,
      helped,
    }),
  );
}
