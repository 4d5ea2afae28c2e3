import { type Provider, withBaseUrl } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from './index.ts';

let upstream: FakeUpstream;
let governor: Governor;
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
  errors.splice(0);
});

/** OpenAI, if it wanted its requests signed. */
function start(sign: NonNullable<Provider['sign']>, options: Partial<GovernorOptions> = {}): void {
  governor = createGovernor({
    providers: [{ ...withBaseUrl(openai, `${upstream.url}/v1`), authorize: () => ({}), sign }],
    ledger: createMemoryLedger(),
    policy: { limits: [{ id: 'cap', amount: '10', window: 'lifetime' }] },
    routing: false,
    ...options,
    onError: (error) => errors.push(error),
  });
}

function ask(more: RequestInit = {}, headers: Record<string, string> = {}): Promise<Response> {
  return governor.fetch(`${upstream.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
    ...more,
  });
}

const entries = async () => (await governor.ledger.entries()).entries;
const bearer = () => ({ authorization: `Bearer ${upstream.apiKey}` });

describe('signing', () => {
  it('signs each attempt anew, over all that goes out', async () => {
    const seen: { url: string; body: string }[] = [];
    start(
      async ({ url, body }) => {
        seen.push({ url, body: Buffer.from(body ?? []).toString() });
        return { ...bearer(), 'x-signature': String(seen.length) };
      },
      { routing: {} },
    );
    upstream.addRule({ when: {}, reply: { status: 500 }, times: 1 });
    expect((await ask()).status).toBe(200);
    expect(upstream.requests.map(({ headers }) => headers['x-signature'])).toEqual(['1', '2']);
    expect(seen.map(({ url }) => url)).toEqual(Array(2).fill(`${upstream.url}/v1/chat/completions`));
    expect(seen[1]?.body).toBe(upstream.requests[1]?.body.toString());
  });

  it('leaves alone what its caller has authorised', async () => {
    start(async () => expect.unreachable());
    expect((await ask({}, bearer())).status).toBe(200);
  });

  it.each([
    ['its caller goes away', 50, 60_000],
    ['nothing came in time', 60_000, 50],
  ])('lets the hold go when %s before there was a signature', async (_, leavesMs, timeoutMs) => {
    start(() => new Promise(() => {}), { timeoutMs });
    await ask({ signal: AbortSignal.timeout(leavesMs) }).catch(() => undefined);
    await expect.poll(entries).toMatchObject([{ kind: 'released' }]);
    expect(upstream.requests).toEqual([]);
  });

  it('says that nothing was sent when there is no signature, and tries again what may pass', async () => {
    let asked = 0;
    start(
      async () => {
        asked += 1;
        if (asked === 1) throw new Error('The service for credentials does not answer');
        return bearer();
      },
      { routing: {} },
    );
    expect((await ask()).status).toBe(200);
    expect((await entries()).map(({ kind }) => kind)).toEqual(['released', 'settled']);
  });

  it('strikes out of a refusal what the signature’s headers said', async () => {
    const token = 'TOKEN/0123456789+abcdefghij==';
    start(async () => ({ ...bearer(), 'x-token': token, 'x-when': '20261130T080000Z' }));
    const body = JSON.stringify({ message: `sent ${token} at 20261130T080000Z`, again: token }).replaceAll(
      '/',
      '\\/',
    );
    upstream.setReply({ status: 403, body });
    const refused = await ask();
    expect(refused.status).toBe(403);
    expect(JSON.parse(await refused.text())).toEqual({
      message: 'sent *** at 20261130T080000Z',
      again: '***',
    });
  });
});
