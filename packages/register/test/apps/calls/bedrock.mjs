export async function main({ BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand }) {
  const client = new BedrockRuntimeClient();
  const question = {
    modelId: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    messages: [{ role: 'user', content: [{ text: 'Hello?' }] }],
    inferenceConfig: { maxTokens: 20 },
  };
  const { output } = await client.send(new ConverseCommand(question));
  const { stream } = await client.send(new ConverseStreamCommand(question));
  let streamed = '';
  for await (const event of stream) streamed += event.contentBlockDelta?.delta?.text ?? '';
  process.stdout.write(JSON.stringify({ whole: output.message.content[0].text, streamed }));
}
