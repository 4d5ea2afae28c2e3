/** What a program does with this SDK, whichever module system it came by. */
export async function main({ createOpenAI, generateText, streamText }) {
  const openai = createOpenAI();
  const model = openai.chat('gpt-4o-mini');

  const { text } = await generateText({ model, prompt: 'Hello?' });
  let streamed = '';
  for await (const part of streamText({ model, prompt: 'Hello?' }).textStream) streamed += part;

  process.stdout.write(JSON.stringify({ text, streamed }));
}
