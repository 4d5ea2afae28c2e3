import { createServer } from 'node:http';
import { chatCompletions } from './formats/openai-chat.ts';
import { listen, shut } from './listen.ts';
import type { Reply } from './reply.ts';

export interface FixedUpstreamOptions {
  /** Answers every request; its timing and faults are not used. @default {} */
  readonly reply?: Reply;
  /** @default 'sk-fake' */
  readonly apiKey?: string;
  /** @default 0, any free one */
  readonly port?: number;
}

/** An upstream for measuring: fast, and always the same. */
export interface FixedUpstream {
  /** Without a path: `http://127.0.0.1:4010`. */
  readonly url: string;
  readonly apiKey: string;
  /** Answers given so far. */
  readonly answered: number;
  close(): Promise<void>;
}

/**
 * Starts an OpenAI chat upstream whose answers were made before the first request came: a whole one, a
 * stream, and a stream with usage. It checks the key, takes in the body, looks there for the caller's
 * choice of the three, and reads nothing else.
 *
 * @returns once it listens
 */
export async function startFixedUpstream(options: FixedUpstreamOptions = {}): Promise<FixedUpstream> {
  const { apiKey = 'sk-fake', reply = {} } = options;
  const authorization = `Bearer ${apiKey}`;
  const whole = rendered(reply, {});
  const stream = rendered(reply, { stream: true });
  const streamWithUsage = rendered(reply, { stream: true, stream_options: { include_usage: true } });
  const wholeHeaders = { 'content-type': 'application/json', 'content-length': whole[0]?.byteLength ?? 0 };
  const streamHeaders = { 'content-type': 'text/event-stream; charset=utf-8' };
  let answered = 0;

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answered += 1;
      if (request.headers.authorization !== authorization) {
        response.writeHead(401).end();
        return;
      }
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      const streams = body.includes(streamMark);
      response.writeHead(200, streams ? streamHeaders : wholeHeaders);
      if (!streams) {
        response.end(whole[0]);
        return;
      }
      for (const event of body.includes(usageMark) ? streamWithUsage : stream) response.write(event);
      response.end();
    });
  });
  const port = await listen(server, options.port ?? 0);

  return {
    url: `http://127.0.0.1:${port}`,
    apiKey,
    get answered() {
      return answered;
    },
    close: () => shut(server),
  };
}

const streamMark = Buffer.from('"stream":true');
const usageMark = Buffer.from('"include_usage":true');

function rendered(reply: Reply, options: object): readonly Buffer[] {
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], ...options };
  const request = { number: 1, path: '/v1/chat/completions', headers: {}, body, bodyBytes: 40 };
  return Array.from(chatCompletions.answer(request, reply).pieces, ({ text }) => Buffer.from(text as string));
}
