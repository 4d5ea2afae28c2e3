/** What a program does with this SDK, whichever module system it came by. */
export async function main({ GoogleGenAI }) {
  const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
  const question = { model: 'gemini-2.5-flash', contents: 'Hello?', config: { maxOutputTokens: 20 } };

  const whole = await client.models.generateContent(question);
  let streamed = '';
  for await (const chunk of await client.models.generateContentStream(question)) streamed += chunk.text ?? '';

  process.stdout.write(JSON.stringify({ whole: whole.text, streamed }));
}
