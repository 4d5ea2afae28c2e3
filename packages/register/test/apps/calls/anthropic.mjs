/** What a program does with this SDK, whichever module system it came by. */
export async function main({ Anthropic }) {
  const client = new Anthropic();
  const question = {
    model: 'claude-sonnet-4-6',
    messages: [{ role: 'user', content: 'Hello?' }],
    max_tokens: 20,
  };

  const { data, response } = await client.messages.create(question).withResponse();
  const helped = await client.messages.stream(question).finalText();

  process.stdout.write(
    JSON.stringify({
      whole: data.content[0].text,
      helped,
      id: response.headers.get('x-genops-request-id') !== null,
    }),
  );
}
