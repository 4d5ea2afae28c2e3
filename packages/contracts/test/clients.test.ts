import type { LedgerEntry } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { aiSdkClient } from './clients/ai-sdk.ts';
import { anthropicClient } from './clients/anthropic.ts';
import { atUpstream } from './clients/at-upstream.ts';
import { bedrockClient } from './clients/bedrock.ts';
import { googleClient } from './clients/google.ts';
import type { OfficialClient, Use } from './clients/official-client.ts';
import { openaiClient } from './clients/openai.ts';
import { openrouterClient } from './clients/openrouter.ts';
import {
  byHand,
  byHandUnder,
  byZeroCode,
  byZeroCodeUnder,
  comparable,
  ungoverned,
  type Way,
} from './clients/ways.ts';

testClient(openaiClient);
testClient(anthropicClient);
testClient(googleClient);
testClient(openrouterClient);
testClient(bedrockClient);
testClient(aiSdkClient);

interface Told {
  readonly value: unknown;
  /** What arrived at the upstream. */
  readonly sent: readonly { readonly method: string; readonly url: string; readonly json: unknown }[];
  readonly entries: readonly LedgerEntry[];
}

function testClient<Sdk, Client>(official: OfficialClient<Sdk, Client>): void {
  describe(official.name, () => {
    const at = atUpstream(official);

    function used(way: Way, sdk: Sdk, { run, replies = [{}] }: Use<Sdk, Client>): Promise<Told> {
      return at.governedBy(way, sdk, async ({ client, entries }) => {
        at.upstream.addRule({ reply: replies });
        const value = await run(client, sdk);
        const sent = at.upstream.requests.map(({ method, url, json }) => ({ method, url, json }));
        if (way !== ungoverned) await expect.poll(async () => (await entries()).length).toBe(replies.length);
        return { value, sent, entries: await entries() };
      });
    }

    /** Without what governing adds: only where the caller had not written it themselves. */
    function written(sent: Told['sent'], bare: Told['sent']): Told['sent'] {
      const isAdded = (name: string, index: number): boolean =>
        official.added?.includes(name) === true && !(name in ((bare[index]?.json ?? {}) as object));
      return sent.map(({ json, ...request }, index) => ({
        ...request,
        json: Object.fromEntries(Object.entries(json ?? {}).filter(([name]) => !isAdded(name, index))),
      }));
    }

    describe.each(['ESM', 'CommonJS'] as const)('from %s', (system) => {
      const sdk = official.sdk[system];

      it.each(Object.entries(official.uses))(
        'gives the same for the same request, and leaves the same entries by hand as by zero-code: %s',
        async (_, use) => {
          const bare = await used(ungoverned, sdk, use);
          const governed = await used(byHand, sdk, use);
          const zeroCode = await used(byZeroCode, sdk, use);
          expect([governed.value, zeroCode.value]).toEqual([bare.value, bare.value]);
          expect(written(governed.sent, bare.sent)).toEqual(bare.sent);
          expect(zeroCode.sent).toEqual(governed.sent);
          expect(governed.entries.map(({ kind }) => kind)).toEqual(bare.sent.map(() => 'settled'));
          expect(zeroCode.entries.map(comparable)).toEqual(governed.entries.map(comparable));
        },
      );

      it('is refused alike by hand and by zero-code, in its own words, and sends nothing', async () => {
        const policy = { limits: [{ id: 'cap', amount: '0.0000001', window: 'lifetime' as const }] };
        const refused = (way: Way) =>
          at.governedBy(way, sdk, async ({ client, entries }) => {
            const error = await official
              .ask(client, new AbortController().signal, sdk)
              .then(() => undefined)
              .catch((thrown: Error) => ({
                name: thrown.name,
                class: thrown.constructor.name,
                message: thrown.message,
              }));
            expect(at.upstream.requests).toEqual([]);
            return { error, entries: (await entries()).map(comparable) };
          });
        const byHandRefused = await refused(byHandUnder(policy));
        expect(byHandRefused.error?.message).toMatch(/"cap\\*" has 0.0000001 USD left/);
        expect(byHandRefused.entries).toMatchObject([
          { kind: 'refused', decision: { reasonCode: 'BUDGET_EXCEEDED' } },
        ]);
        expect(await refused(byZeroCodeUnder(policy))).toEqual(byHandRefused);
      });

      describe.each([
        ['by hand', byHand],
        ['by zero-code', byZeroCode],
      ])('governed %s', (__, way) => {
        it('can leave a stream early, and is charged an estimate', () =>
          at.governedBy(way, sdk, async ({ client, entries }) => {
            at.upstream.setReply({ chunks: 200, chunkDelayMs: 2 });
            const controller = new AbortController();
            expect(await official.breakOut(client, sdk, controller.signal)).toBeDefined();
            if (official.staysUntilAborted) controller.abort();
            await expect.poll(async () => (await entries()).length).toBe(1);
            expect(await entries()).toMatchObject([
              { outcome: 'cancelled', cost: { result: 'priced', basis: 'estimated' } },
            ]);
            await expect.poll(() => at.upstream.requests[0]?.state).toBe('client_aborted');
          }));

        it('can be aborted before there is an answer, and is charged an estimate', () =>
          at.governedBy(way, sdk, async ({ client, entries }) => {
            at.upstream.holdResponses();
            const controller = new AbortController();
            const aborted = expect(official.ask(client, controller.signal, sdk)).rejects.toThrow();
            await at.upstream.waitForHeld(1);
            controller.abort();
            await aborted;
            await expect.poll(async () => (await entries()).length).toBe(1);
            expect(await entries()).toMatchObject([
              { outcome: 'cancelled', cost: { result: 'priced', basis: 'estimated' } },
            ]);
            await expect.poll(() => at.upstream.requests[0]?.state).toBe('client_aborted');
          }));
      });
    });

    if (official.staysUntilAborted)
      it('stays also ungoverned when it only breaks out, so that people have to abort it', () =>
        at.governedBy(ungoverned, official.sdk.ESM, async ({ client }) => {
          at.upstream.setReply({ chunks: 200, chunkDelayMs: 2 });
          await official.breakOut(client, official.sdk.ESM, new AbortController().signal);
          await at.upstream.requests[0]?.ended;
          expect(at.upstream.requests[0]?.state).toBe('answered');
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
