import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';
import type { Reply } from './reply.ts';

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
beforeEach(() => upstream.reset());
afterAll(() => upstream.close());

describe('a fault', () => {
  it.each<[string, Reply, string]>([
    ['resets before the headers', { fault: { kind: 'reset', after: 'request' } }, 'ECONNRESET'],
    ['closes before the headers', { fault: { kind: 'close', after: 'request' } }, 'UND_ERR_SOCKET'],
    ['hangs before the headers', { fault: { kind: 'hang', after: 'request' } }, 'UND_ERR_HEADERS_TIMEOUT'],
    ['sends half a status line', { fault: { kind: 'raw', bytes: 'HTTP/1.1 20' } }, 'UND_ERR_SOCKET'],
    [
      'has two lengths',
      {
        fault: { kind: 'raw', bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab' },
      },
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    ],
  ])('%s', async (_, reply, code) => {
    upstream.setReply(reply);
    await expect(ask(false, patience(reply))).rejects.toMatchObject({ code });
    expect(upstream.requests[0]?.outputTokens).toBe(0);
  });

  it.each<[string, Reply, string]>([
    ['resets after the headers', { fault: { kind: 'reset', after: 'headers' } }, 'ECONNRESET'],
    ['resets in the middle', { fault: { kind: 'reset', after: 3 } }, 'ECONNRESET'],
    ['cuts a chunked body short', { fault: { kind: 'close', after: 3 } }, 'UND_ERR_SOCKET'],
    ['goes quiet between events', { fault: { kind: 'hang', after: 3 } }, 'UND_ERR_BODY_TIMEOUT'],
    ['goes quiet after the headers', { fault: { kind: 'hang', after: 'headers' } }, 'UND_ERR_BODY_TIMEOUT'],
  ])('%s', async (_, reply, code) => {
    upstream.setReply(reply);
    const { statusCode, events, error } = await read(await ask(true, patience(reply)));
    expect(statusCode).toBe(200);
    expect(error).toMatchObject({ code });
    expect(events).toHaveLength(
      typeof reply.fault === 'object' && 'after' in reply.fault && reply.fault.after === 3 ? 3 : 0,
    );
    await upstream.requests[0]?.ended;
    expect(upstream.requests[0]).toMatchObject({
      pieces: events.length,
      state: reply.fault?.kind === 'hang' ? 'client_aborted' : 'broken',
    });
  });

  it('cuts a body of known length short', async () => {
    upstream.setReply({ pieceBytes: 100, fault: { kind: 'close', after: 2 } });
    const response = await ask(false);
    await expect(response.body.text()).rejects.toThrow();
    expect(upstream.requests[0]).toMatchObject({ pieces: 2, outputTokens: 0 });
  });

  it('ends a stream with an error event', async () => {
    upstream.setReply({ error: { message: 'Out of luck' }, fault: { kind: 'error_event', after: 4 } });
    const { events, error } = await read(await ask(true));
    expect(error).toBeUndefined();
    expect(events).toHaveLength(5);
    expect(events.at(-1)).toContain('{"error":{"message":"Out of luck"');
  });

  it('ends a stream without its end', async () => {
    upstream.setReply({ fault: { kind: 'no_end' } });
    const { events, error } = await read(await ask(true));
    expect(error).toBeUndefined();
    expect(events.at(-1)).toContain('"usage":{');
  });

  it('leaves the usage out', async () => {
    upstream.setReply({ fault: { kind: 'no_usage' } });
    expect(await (await ask(false)).body.json()).not.toHaveProperty('usage');
    expect((await read(await ask(true))).events.join('')).not.toContain('"usage":{');
  });
});

describe('a reply', () => {
  it.each([
    ['negative', { prompt_tokens: -5 }],
    ['fractional', { prompt_tokens: 1.5 }],
    ['text', 'many'],
    ['null', null],
    ['a list', [1]],
  ])('can have usage that is %s', async (_, usage) => {
    upstream.setReply({ usage });
    expect(await (await ask(false)).body.json()).toMatchObject({ usage });
    expect((await read(await ask(true))).events.at(-2)).toContain(JSON.stringify(usage));
  });

  it.each([
    [400, 'invalid_request_error'],
    [429, 'requests'],
    [500, 'server_error'],
    [503, 'service_unavailable_error'],
  ])('with status %i is an error in the format of the provider', async (status, type) => {
    upstream.setReply({ status, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } });
    const response = await ask(true);
    expect(response.statusCode).toBe(status);
    expect(response.headers['retry-after']).toBe('Wed, 21 Oct 2015 07:28:00 GMT');
    expect(await response.body.json()).toMatchObject({ error: { type } });
  });

  it('can be HTML with status 200', async () => {
    upstream.setReply({ headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' });
    const response = await ask(false);
    expect(response.headers['content-type']).toBe('text/html');
    expect(await response.body.text()).toBe('<h1>Welcome</h1>');
  });

  it('can be a redirect', async () => {
    upstream.setReply({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
    const response = await ask(false);
    expect(response.statusCode).toBe(302);
    expect(response.headers['location']).toBe('http://127.0.0.1:1/');
    expect(await response.body.text()).toBe('');
  });

  it('can be cut anywhere', async () => {
    const whole = await read(await ask(true));
    upstream.reset();
    upstream.setReply({ pieceBytes: 7 });
    const cut = await read(await ask(true));
    expect(cut.events).toEqual(whole.events);
    expect(upstream.requests[0]?.pieces).toBe(Math.ceil(cut.events.join('').length / 7));
    expect(upstream.requests[0]?.outputTokens).toBe(12);
  });

  it('can go on for ever, at the pace of whoever reads', async () => {
    upstream.setReply({ chunks: Number.POSITIVE_INFINITY });
    const { body } = await ask(true);
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > 1_000_000) break;
    }
    await upstream.requests[0]?.ended;
    expect(upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('can take its time', async () => {
    upstream.setReply({ delayMs: 30, chunks: 2, chunkDelayMs: 10 });
    const started = performance.now();
    await read(await ask(true));
    expect(performance.now() - started).toBeGreaterThan(60);
  });
});

type Response = Awaited<ReturnType<typeof request>>;

function ask(stream: boolean, timeoutMs = 10_000): Promise<Response> {
  return request(`${upstream.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hello' }],
      ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    }),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
}

/** Only silence is worth a short wait: everything else comes by itself, also on a busy machine. */
function patience({ fault }: Reply): number {
  return fault?.kind === 'hang' ? 200 : 10_000;
}

async function read(response: Response): Promise<{ statusCode: number; events: string[]; error?: unknown }> {
  const { statusCode, body } = response;
  let text = '';
  const events = (): string[] => text.split(/(?<=\n\n)/).filter((event) => event !== '');
  try {
    for await (const chunk of body) text += (chunk as Buffer).toString();
  } catch (error) {
    return { statusCode, events: events(), error };
  }
  return { statusCode, events: events() };
}
