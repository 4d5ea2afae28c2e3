import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bedrockFormat, checkSignature, startFakeUpstream } from '@genops/testing';

/** A request that came, and with whose key. */
export interface Signed {
  readonly accessKeyId: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: string;
}

/** Bedrock behind a door that checks every signature as AWS does, and shows what it expected as AWS does. */
export interface SignedUpstream {
  readonly url: string;
  readonly requests: readonly Signed[];
  /** What the next requests get, one each, instead of an answer. */
  failNext(...statuses: number[]): void;
  close(): Promise<void>;
}

/** @param secrets - by access key id */
export async function startSignedUpstream(
  secrets: Readonly<Record<string, string>>,
  region: string,
): Promise<SignedUpstream> {
  const behind = await startFakeUpstream({ formats: [bedrockFormat] });
  const requests: Signed[] = [];
  const failures: number[] = [];
  const server = createServer(async (request, response) => {
    const body = await bytesOf(request);
    const { method = '', url: path = '/', headers } = request;
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const check = checkSignature(
      { method, path, headers: single, body },
      { region, service: 'bedrock' },
      (id) => secrets[id],
    );
    const accessKeyId = check.result === 'valid' ? check.accessKeyId : undefined;
    requests.push({ accessKeyId, headers, path, body: body.toString() });
    if (check.result === 'invalid') {
      response.writeHead(403, {
        'content-type': 'application/json',
        'x-amzn-errortype': `${check.code}:http://internal.amazon.com/coral/com.amazon.coral.service/`,
      });
      const message = `The Canonical String for this request should have been\n${check.canonical}\nfor ${single['authorization']}`;
      response.end(JSON.stringify({ message }));
      return;
    }
    const failure = failures.shift();
    if (failure !== undefined) {
      response.writeHead(failure).end('{"message":"Told so"}');
      return;
    }
    const answer = await fetch(behind.url + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${behind.apiKey}` },
      ...(method === 'POST' && { body }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    failNext: (...statuses) => void failures.push(...statuses),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await behind.close();
    },
  };
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
