import type { LedgerEntry } from '@genops/core';
import { type FakeUpstream, type Http2Front, startFakeUpstream, startHttp2Front } from '@genops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aiSdkClient } from './clients/ai-sdk.ts';
import { anthropicClient } from './clients/anthropic.ts';
import { bedrockClient } from './clients/bedrock.ts';
import { googleClient } from './clients/google.ts';
import type { OfficialClient, Place, Use } from './clients/official-client.ts';
import { openaiClient } from './clients/openai.ts';
import { openrouterClient } from './clients/openrouter.ts';
import { byHand, byZeroCode, comparable, type Governance, ungoverned, type Way } from './clients/ways.ts';

testClient(openaiClient);
testClient(anthropicClient);
testClient(googleClient);
testClient(openrouterClient);
testClient(bedrockClient);
testClient(aiSdkClient);

interface Told {
  readonly value: unknown;
  /** What arrived at the upstream, but for what governing adds. */
  readonly sent: readonly unknown[];
  readonly entries: readonly LedgerEntry[];
}

function testClient<Sdk, Client>(official: OfficialClient<Sdk, Client>): void {
  let upstream: FakeUpstream;
  let front: Http2Front | undefined;
  let place: Place;

  /** A new client, and the upstream as if nobody had called before: what it makes up is the same again. */
  async function governedBy<Result>(
    way: Way,
    sdk: Sdk,
    action: (governance: Governance<Client>) => Promise<Result>,
  ): Promise<Result> {
    upstream.reset();
    const governance = way(official, sdk, place);
    try {
      return await action(governance);
    } finally {
      await governance.end();
    }
  }

  function used(way: Way, sdk: Sdk, { run, replies = [{}] }: Use<Sdk, Client>): Promise<Told> {
    return governedBy(way, sdk, async ({ client, entries }) => {
      upstream.addRule({ reply: replies });
      const value = await run(client, sdk);
      const sent = upstream.requests.map(({ method, url, json }) => ({ method, url, json: written(json) }));
      if (way !== ungoverned) await expect.poll(async () => (await entries()).length).toBe(replies.length);
      return { value, sent, entries: await entries() };
    });
  }

  function written(json: unknown): unknown {
    const { added = [] } = official;
    const members = Object.entries(json ?? {}).filter(([name]) => !added.includes(name));
    return Object.fromEntries(members);
  }

  describe(official.name, () => {
    beforeAll(async () => {
      upstream = await startFakeUpstream({ formats: [official.format] });
      if (official.usesHttp2) front = await startHttp2Front(upstream.url);
      place = { url: front?.url ?? upstream.url, apiKey: upstream.apiKey };
    });
    afterAll(async () => {
      await front?.close();
      await upstream.close();
    });

    describe.each(['ESM', 'CommonJS'] as const)('from %s', (system) => {
      const sdk = official.sdk[system];

      it.each(Object.entries(official.uses))(
        'gives the same for the same request, and leaves the same entries by hand as by zero-code: %s',
        async (_, use) => {
          const bare = await used(ungoverned, sdk, use);
          const governed = await used(byHand, sdk, use);
          const zeroCode = await used(byZeroCode, sdk, use);
          expect([governed.value, zeroCode.value]).toEqual([bare.value, bare.value]);
          expect([governed.sent, zeroCode.sent]).toEqual([bare.sent, bare.sent]);
          expect(governed.entries.map(({ kind }) => kind)).toEqual(bare.sent.map(() => 'settled'));
          expect(zeroCode.entries.map(comparable)).toEqual(governed.entries.map(comparable));
        },
      );

      describe.each([
        ['by hand', byHand],
        ['by zero-code', byZeroCode],
      ])('governed %s', (__, way) => {
        it('can leave a stream early, and is charged an estimate', () =>
          governedBy(way, sdk, async ({ client, entries }) => {
            upstream.setReply({ chunks: 200, chunkDelayMs: 2 });
            const controller = new AbortController();
            expect(await official.breakOut(client, sdk, controller.signal)).toBeDefined();
            if (official.staysUntilAborted) controller.abort();
            await expect.poll(async () => (await entries()).length).toBe(1);
            expect(await entries()).toMatchObject([
              { outcome: 'cancelled', cost: { result: 'priced', basis: 'estimated' } },
            ]);
            await expect.poll(() => upstream.requests[0]?.state).toBe('client_aborted');
          }));

        it('can be aborted before there is an answer, and is charged an estimate', () =>
          governedBy(way, sdk, async ({ client, entries }) => {
            upstream.holdResponses();
            const controller = new AbortController();
            const aborted = expect(official.abort(client, controller.signal, sdk)).rejects.toThrow();
            await upstream.waitForHeld(1);
            controller.abort();
            await aborted;
            await expect.poll(async () => (await entries()).length).toBe(1);
            expect(await entries()).toMatchObject([
              { outcome: 'cancelled', cost: { result: 'priced', basis: 'estimated' } },
            ]);
            await expect.poll(() => upstream.requests[0]?.state).toBe('client_aborted');
          }));
      });
    });

    if (official.staysUntilAborted)
      it('stays also ungoverned when it only breaks out, so that people have to abort it', () =>
        governedBy(ungoverned, official.sdk.ESM, async ({ client }) => {
          upstream.setReply({ chunks: 200, chunkDelayMs: 2 });
          await official.breakOut(client, official.sdk.ESM, new AbortController().signal);
          await upstream.requests[0]?.ended;
          expect(upstream.requests[0]?.state).toBe('answered');
        }));

    it('leaves the same entries from ESM as from CommonJS', async () => {
      for (const [name, use] of Object.entries(official.uses)) {
        const fromEsm = await used(byHand, official.sdk.ESM, use);
        const fromCommon = await used(byHand, official.sdk.CommonJS, use);
        expect(fromCommon.entries.map(comparable), name).toEqual(fromEsm.entries.map(comparable));
      }
    });
  });
}
