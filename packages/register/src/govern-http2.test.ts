import { once } from 'node:events';
import http2, { connect } from 'node:http2';
import { bedrock } from '@genops/bedrock';
import { withAttribution, withBaseUrl } from '@genops/core';
import {
  bedrockFormat,
  type FakeUpstream,
  type Http2Front,
  startFakeUpstream,
  startHttp2Front,
} from '@genops/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { currentRegistration, init, type SettingsInput, shutdown } from './api.ts';

const bareConnect = http2.connect;
let upstream: FakeUpstream;
let front: Http2Front;
const sessions: http2.ClientHttp2Session[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream({ formats: [bedrockFormat] });
  front = await startHttp2Front(upstream.url);
});
afterAll(async () => {
  await front.close();
  await upstream.close();
});
afterEach(async () => {
  await shutdown();
  for (const session of sessions.splice(0)) session.destroy();
  upstream.reset();
});

function start(input: SettingsInput = {}): void {
  init(
    { ledger: 'memory', telemetry: false, providers: [withBaseUrl(bedrock, front.url)], ...input },
    { environment: {}, directory: '/nowhere' },
  );
}

function open(url = front.url): http2.ClientHttp2Session {
  const session = http2.connect(url);
  sessions.push(session);
  return session;
}

const question = {
  messages: [{ role: 'user', content: [{ text: 'Hello?' }] }],
  inferenceConfig: { maxTokens: 400 },
};
const converse = '/model/amazon.nova-lite-v1:0/converse';

function post(session: http2.ClientHttp2Session, path: string): http2.ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': path,
    authorization: `Bearer ${upstream.apiKey}`,
    'content-type': 'application/json',
  });
}

/** Sends the question, and reads the answer to its end. */
async function ask(session: http2.ClientHttp2Session, path: string) {
  const stream = post(session, path);
  const head = new Promise<http2.IncomingHttpHeaders>((resolve) => stream.on('response', resolve));
  stream.end(JSON.stringify(question));
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return { head: await head, body: Buffer.concat(chunks) };
}

async function entries() {
  return (await currentRegistration()?.governor.ledger.entries())?.entries ?? [];
}

describe('HTTP/2, governed', () => {
  it('gives the same bytes with our headers added, on the session of the program', async () => {
    const bare = await ask(open(), converse);
    upstream.reset();
    start();
    const { head, body } = await ask(open(), converse);
    expect(body.equals(bare.body)).toBe(true);
    const { 'x-genops-request-id': id, 'x-genops-cost': cost } = head;
    expect([head[':status'], id, cost]).toEqual([
      200,
      expect.stringMatching(/^op_/),
      expect.stringMatching(/^0\.0/),
    ]);
    expect(await entries()).toMatchObject([{ provider: 'aws-bedrock', outcome: 'completed' }]);
    expect(upstream.requests[0]?.headers).not.toHaveProperty('x-genops-request-id');
  });

  it('is for whom the program says that it is', async () => {
    start({ attribution: { project: 'ranking' } });
    await withAttribution({ team: 'search' }, () => ask(open(), converse));
    expect((await entries()).map(({ attribution }) => attribution)).toEqual([
      { project: 'ranking', team: 'search' },
    ]);
  });

  it('takes headers as a list too', async () => {
    start();
    const list = [':method', 'POST', ':path', converse, 'authorization', `Bearer ${upstream.apiKey}`];
    const stream = open().request(list as never);
    stream.end(JSON.stringify(question));
    await stream.resume().toArray();
    expect(await entries()).toHaveLength(1);
  });

  it('refuses with an answer, and sends nothing', async () => {
    start({ policy: { limits: [{ id: 'cap', amount: '0.0000001', window: 'lifetime' }] } });
    const { head, body } = await ask(open(), converse);
    expect(head).toMatchObject({ ':status': 429, 'x-should-retry': 'false' });
    expect(JSON.parse(body.toString())).toMatchObject({ reason: 'budget_exceeded' });
    expect(upstream.requests).toHaveLength(0);
  });

  it('lets pass what has no price, unless that is to be refused', async () => {
    start();
    const other = '/model/amazon.nova-lite-v1:0/invoke-with-bidirectional-stream';
    expect((await ask(open(), other)).head[':status']).toBe(404);
    expect(upstream.requests).toHaveLength(1);
    start({ onUnknownRoute: 'refuse' });
    // Before the body is written, whose end may depend on the answer.
    const methods = { POST: other, DELETE: '/model/amazon.nova-lite-v1:0' };
    for (const [method, path] of Object.entries(methods)) {
      const stream = open().request({ ':method': method, ':path': path });
      expect(await once(stream, 'response')).toMatchObject([
        { ':status': 403, 'x-genops-reason': expect.any(String) },
        0,
      ]);
      stream.close();
    }
    expect(upstream.requests).toHaveLength(1);
    expect(await entries()).toEqual([]);
  });

  it('does not touch what goes elsewhere', async () => {
    start({ providers: [bedrock] });
    expect((await ask(open(), converse)).head).not.toHaveProperty('x-genops-request-id');
    expect(await entries()).toEqual([]);
  });

  it('is cancelled by the signal of the request', async () => {
    start();
    upstream.holdResponses();
    const controller = new AbortController();
    const stream = open().request(
      { ':method': 'POST', ':path': converse, authorization: `Bearer ${upstream.apiKey}` },
      { signal: controller.signal },
    );
    stream.end(JSON.stringify(question));
    await upstream.waitForHeld(1);
    const failed = once(stream, 'error');
    controller.abort();
    expect(await failed).toMatchObject([{ name: 'AbortError' }]);
    await expect.poll(entries).toMatchObject([{ outcome: 'cancelled', cost: { basis: 'estimated' } }]);
    await expect.poll(() => upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('tells of a stream that broke off, and books an estimate', async () => {
    start();
    upstream.setReply({ fault: { kind: 'reset', after: 5 } });
    const { body } = await ask(open(), `${converse}-stream`);
    expect(body.toString()).toContain('internalServerException');
    expect(await entries()).toMatchObject([{ outcome: 'incomplete', cost: { basis: 'estimated' } }]);
  });

  it('tells of a provider that is not there, and books nothing spent', async () => {
    const gone = await startHttp2Front(upstream.url);
    await gone.close();
    start({ providers: [withBaseUrl(bedrock, gone.url)] });
    const session = open(gone.url);
    session.on('error', () => {});
    expect((await ask(session, converse)).head[':status']).toBe(502);
    expect(await entries()).toMatchObject([{ kind: 'released', outcome: 'failed' }]);
  });

  it('passes a slow reader’s pace on to the provider', async () => {
    start();
    upstream.setReply({ chunks: 10_000 });
    const stream = post(open(), `${converse}-stream`);
    stream.end(JSON.stringify({ ...question, inferenceConfig: { maxTokens: 10_000 } }));
    await new Promise((resolve) => stream.once('response', resolve));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const waiting = stream.readableLength;
    const whole = Buffer.concat(await stream.toArray()).byteLength;
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThan(whole / 10);
    expect(await entries()).toMatchObject([{ outcome: 'completed', usage: { outputTokens: 10_000 } }]);
  });

  it('is undone with the rest, also for sessions that are open', async () => {
    start();
    const governed = http2.connect;
    expect(governed).not.toBe(bareConnect);
    expect(connect).toBe(governed);
    start({ mode: 'observe' });
    expect(http2.connect).toBe(governed);
    const session = open();
    await shutdown();
    expect([http2.connect, connect]).toEqual([bareConnect, bareConnect]);
    expect((await ask(session, converse)).head).not.toHaveProperty('x-genops-request-id');
  });
});
