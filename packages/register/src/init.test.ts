import { withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import { openrouter } from '@genops/openrouter';
import { openrouterFormat, startCollector, startFakeUpstream } from '@genops/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  currentRegistration,
  init,
  patchOpenRouter,
  type SettingsInput,
  shutdown,
  unpatchOpenRouter,
} from './api.ts';

const nothingSaid = { environment: {}, directory: '/nowhere' };
const bareFetch = globalThis.fetch;

function start(input: SettingsInput = {}): ReturnType<typeof init> {
  return init({ ledger: 'memory', ...input }, nothingSaid);
}

afterEach(async () => {
  await shutdown();
  globalThis.fetch = bareFetch;
});

const call = ['https://api.openai.com/v1/chat/completions', { method: 'POST', body: '{}' }] as const;

describe('init', () => {
  it('replaces fetch once, however often it is called', () => {
    const first = start();
    const governed = globalThis.fetch;
    expect(governed).not.toBe(bareFetch);
    expect(init({}, nothingSaid)).toBe(first);
    expect(start({ mode: 'observe' })).toBe(first);
    expect(globalThis.fetch).toBe(governed);
    expect(first.settings.mode).toBe('observe');
  });

  it('keeps what was spent, and whoever listens, when it is told something else', async () => {
    const registration = start({ attribution: { team: 'search' } });
    const seen: string[] = [];
    registration.on(({ kind }) => seen.push(kind));
    const { ledger } = registration.governor;
    globalThis.fetch = bareFetch;
    start({ policy: { rules: [{ id: 'no', effect: 'deny', when: { model: '*' } }] } });
    const answer = await registration.governor.fetch(call[0], {
      ...call[1],
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
    });
    expect(answer.status).toBe(403);
    expect((await ledger.entries()).entries).toHaveLength(1);
    expect(seen).toEqual(['refused']);
  });

  it('tells another collector when it is told to, and both have what they were sent', async () => {
    const upstream = await startFakeUpstream();
    const collectors = [await startCollector(), await startCollector()];
    const provider = withBaseUrl(openai, `${upstream.url}/v1`);
    for (const { url } of collectors) {
      start({ providers: [provider], telemetry: { otlp: { endpoint: url } } });
      const answer = await fetch(`${provider.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
      });
      expect(answer.status).toBe(200);
      await answer.text();
    }
    await shutdown();
    await expect.poll(() => collectors.map((one) => one.spans().length)).toEqual([1, 1]);
    await Promise.all([upstream, ...collectors].map((one) => one.close()));
  });

  it('prices by the list of OpenRouter’s own, where it is asked to', async () => {
    const upstream = await startFakeUpstream({ formats: [openrouterFormat] });
    upstream.addRule({
      when: { path: '/api/v1/models' },
      reply: {
        headers: { 'content-type': 'application/json' },
        body: { data: [{ id: 'acme/new-today', pricing: { prompt: '0.000001', completion: '0.00001' } }] },
      },
    });
    const provider = withBaseUrl(openrouter, `${upstream.url}/api/v1`);
    const policy: SettingsInput['policy'] = { limits: [{ id: 'cap', amount: '1', window: 'day' }] };
    const ask = async () => {
      const { status } = await fetch(`${provider.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'acme/new-today', messages: [{ role: 'user', content: 'Hello?' }] }),
      });
      return status;
    };
    start({ providers: [provider], policy });
    expect(await ask()).toBe(403);
    start({ providers: [provider], policy, livePrices: ['openrouter'] });
    await expect.poll(ask).toBe(200);
    // Asked for once, and kept over a change of settings.
    start({ providers: [provider], policy, livePrices: ['openrouter'], mode: 'observe' });
    expect(await ask()).toBe(200);
    expect(upstream.requests.filter(({ path }) => path === '/api/v1/models')).toHaveLength(1);
    await upstream.close();
  });

  it('changes nothing when what it is told cannot be understood', () => {
    const registration = start({ attribution: { team: 'search' } });
    const governed = globalThis.fetch;
    expect(() => start({ attribution: { team: '' } })).toThrow(/attribution.team/);
    expect(registration.settings.attribution).toEqual({ team: 'search' });
    expect(globalThis.fetch).toBe(governed);
  });

  it.each([
    [{ defaultTeam: 'search' }, 'defaultTeam: not one of attribution, policy'],
    [{ attribution: { experiment_id: '7' } }, 'attribution.experiment_id'],
    [{ telemetry: { exporter: 'otlp' } }, 'telemetry: Unrecognized key: "exporter"'],
    [{ telemetry: { prometheus: true } }, 'telemetry: Unrecognized key: "prometheus"'],
    [{ telemetry: { otlp: { endpoint: 'collector' } } }, 'telemetry.otlp.endpoint: Invalid URL'],
    [
      { telemetry: { otlp: { endpoint: 'http://a.example', headers: { 'x-key': 'secret' } } } },
      'expected a reference such as env:OTLP_KEY; secrets do not belong',
    ],
    [{ livePrices: ['openai'] }, 'livePrices[0]: expected openrouter, got "openai"'],
    [{ mode: 'advisory' }, 'mode: expected enforce or observe, got "advisory"'],
    [{ onUnknownRoute: 'block' }, 'onUnknownRoute: expected refuse or pass, got "block"'],
  ])('refuses %j: it would silently do nothing', (input, message) => {
    expect(() => start(input as SettingsInput)).toThrow(message);
    expect(globalThis.fetch).toBe(bareFetch);
  });

  it('lets the program win over the environment, and a limit replace the one of its name', () => {
    const { settings } = init(
      { ledger: 'memory', policy: { limits: [{ id: 'daily-budget', amount: '9', window: 'day' }] } },
      {
        directory: '/nowhere',
        environment: {
          GENOPS_DAILY_BUDGET_LIMIT: '5',
          GENOPS_LEDGER: '/elsewhere.db',
          GENOPS_TEAM: 'search',
        },
      },
    );
    expect(settings).toMatchObject({
      ledger: 'memory',
      attribution: { team: 'search' },
      policy: { limits: [{ id: 'daily-budget', amount: '9' }] },
    });
  });
});

describe('shutdown', () => {
  it('gives back the very fetch that was there', async () => {
    start();
    await shutdown();
    expect(globalThis.fetch).toBe(bareFetch);
    expect(currentRegistration()).toBeUndefined();
  });

  it('leaves a fetch that somebody put in front, and does nothing behind it', async () => {
    const reached: unknown[] = [];
    globalThis.fetch = async (input) => {
      reached.push(input);
      return new Response('bare');
    };
    const before = globalThis.fetch;
    start({ policy: { rules: [{ id: 'no', effect: 'deny', when: { model: '*' } }] } });
    const governed = globalThis.fetch;
    const inFront: typeof fetch = (input, init) => governed(input, init);
    globalThis.fetch = inFront;

    const refused = await globalThis.fetch(call[0], {
      ...call[1],
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
    });
    expect([refused.status, reached]).toEqual([403, []]);

    await shutdown();
    expect(globalThis.fetch).toBe(inFront);
    expect(await (await globalThis.fetch(...call)).text()).toBe('bare');
    expect(reached).toEqual([call[0]]);
    globalThis.fetch = before;
  });

  it('can be undone by another init', async () => {
    start();
    await shutdown();
    start({ providers: [openai] });
    expect(globalThis.fetch).not.toBe(bareFetch);
  });
});

describe('patchOpenRouter', () => {
  const governed = (): string[] => [
    ...new Set(currentRegistration()?.settings.providers.map(({ id }) => id)),
  ];

  it('governs OpenRouter alone, in all its regions, and gives fetch back', async () => {
    patchOpenRouter({ ledger: 'memory' });
    expect(governed()).toEqual(['openrouter']);
    expect(currentRegistration()?.settings.providers.map(({ baseUrl }) => new URL(baseUrl).host)).toEqual([
      'eu.openrouter.ai',
      'us.openrouter.ai',
      'openrouter.ai',
    ]);
    await unpatchOpenRouter();
    expect(globalThis.fetch).toBe(bareFetch);
  });

  it('adds to what is governed, and takes only that away', async () => {
    start({ providers: [openai], attribution: { team: 'search' } });
    patchOpenRouter();
    expect(governed()).toEqual(['openai', 'openrouter']);
    await unpatchOpenRouter();
    expect(governed()).toEqual(['openai']);
    expect(currentRegistration()?.settings.attribution).toEqual({ team: 'search' });
  });

  it('does nothing where OpenRouter is governed already', () => {
    const registration = start();
    const { governor } = registration;
    expect(patchOpenRouter()).toBe(registration);
    expect(registration.governor).toBe(governor);
  });

  it('can be undone although nothing was patched', async () => {
    await unpatchOpenRouter();
    expect(globalThis.fetch).toBe(bareFetch);
  });
});
