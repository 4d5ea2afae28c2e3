import { openaiChat } from '../src/index.ts';
import { measure } from './measure.ts';

const path = '/v1/chat/completions';

/** Prompts of the kinds that people send: prose, and code, which is full of quotes and escapes. */
const texts = {
  prose: 'The quick brown fox said that it would not jump over the dog today, and left. ',
  code: '  const name = entries.map((entry) => entry["name"] ?? "none").join(", ");\n',
};

function request(text: string, bytes: number): Buffer {
  const messages = [
    { role: 'system', content: 'You answer briefly.' },
    { role: 'user', content: text.repeat(Math.ceil(bytes / JSON.stringify(text).length)) },
  ];
  return Buffer.from(JSON.stringify({ model: 'gpt-4o', stream: true, max_tokens: 500, messages }));
}

/** A streamed answer of 100 events, in chunks of one event each. */
function streamChunks(): Buffer[] {
  const event = (choices: object[], usage: object | null): Buffer =>
    Buffer.from(
      `data: ${JSON.stringify({ id: 'chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG', object: 'chat.completion.chunk', created: 1741570283, model: 'gpt-4o-2024-08-06', service_tier: 'default', system_fingerprint: 'fp_fc9f1d7035', choices, usage })}\n\n`,
    );
  const choice = (content: string) => [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }];
  const words = Array.from({ length: 98 }, (_, index) => event(choice(` word${index}`), null));
  const usage = { prompt_tokens: 10, completion_tokens: 98, total_tokens: 108 };
  return [...words, event([], usage), Buffer.from('data: [DONE]\n\n')];
}

function printRow(...cells: readonly string[]): void {
  const padded = cells.map((cell, index) => (index === 0 ? cell.padEnd(48) : cell.padStart(15)));
  process.stdout.write(`${padded.join('')}
`);
}

function compare(what: string, ours: () => unknown, jsonParse: () => unknown): void {
  const [us, parseUs] = [measure(ours), measure(jsonParse)];
  printRow(what, us.toFixed(2), parseUs.toFixed(2), (us / parseUs).toFixed(2));
}

printRow('', 'ours, us', 'JSON.parse, us', 'ratio');
for (const [kind, text] of Object.entries(texts)) {
  for (const kilobytes of [1, 16, 256]) {
    const body = request(text, kilobytes * 1024);
    compare(
      `open a ${kilobytes} KB request, ${kind}`,
      () => openaiChat.openRequest(body, path),
      () => JSON.parse(body.toString()),
    );
    compare(
      `open and cap a ${kilobytes} KB request, ${kind}`,
      () => openaiChat.openRequest(body, path).rewrite({ maxOutputTokens: 100, reportUsage: true }),
      () => {
        const parsed = JSON.parse(body.toString());
        return Buffer.from(
          JSON.stringify({ ...parsed, max_tokens: 100, stream_options: { include_usage: true } }),
        );
      },
    );
  }
}

const chunks = streamChunks();
for (const withholdUsage of [false, true]) {
  compare(
    `read a stream of 100 events, ${withholdUsage ? 'withholding usage' : 'passing all on'}`,
    () => {
      const reader = openaiChat.createStreamReader({ withholdUsage });
      for (const chunk of chunks) reader.push(chunk);
      reader.flush();
      return reader.facts();
    },
    () => {
      for (const chunk of chunks.slice(0, -1)) JSON.parse(chunk.toString('utf8', 6));
    },
  );
}
