import { createDirectory } from '@genops/governor';
import { createOpenRouter } from '@genops/openrouter';
import { describe, expect, it } from 'vitest';
import { knownProviders, providersAt, providerTypes } from './known-providers.ts';

function addressesOf(id: string, ...asked: Parameters<typeof providersAt>): readonly string[] {
  return providersAt(...asked)
    .filter((provider) => provider.id === id)
    .map(({ baseUrl }) => baseUrl);
}

describe('providersAt', () => {
  const directory = createDirectory(providersAt(providerTypes, {}, []));

  it.each([
    ['openai', 'https://api.openai.com/v1/chat/completions'],
    ['openai', 'https://oai.helicone.ai/v1/chat/completions'],
    ['anthropic', 'https://api.anthropic.com/v1/messages'],
    ['anthropic', 'https://anthropic.helicone.ai/v1/messages'],
    ['google', 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent'],
    [
      'google-vertex',
      'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent',
    ],
    [
      'aws-bedrock',
      'https://bedrock-runtime.eu-central-1.amazonaws.com/model/amazon.nova-lite-v1:0/converse',
    ],
    ['openrouter', 'https://openrouter.ai/api/v1/chat/completions'],
    ['openrouter', 'https://eu.openrouter.ai/api/v1/chat/completions'],
    ['helicone', 'https://ai-gateway.helicone.ai/v1/chat/completions'],
    ['groq', 'https://api.groq.com/openai/v1/chat/completions'],
    ['deepseek', 'https://api.deepseek.com/chat/completions'],
    ['deepseek', 'https://api.deepseek.com/v1/chat/completions'],
  ])('recognises %s at %s', (id, url) => {
    const found = directory.find('POST', url);
    expect(found).toMatchObject({ result: 'metered', provider: { id } });
  });

  it.each([
    'https://api.openai.com.example.com/v1/chat/completions',
    'https://example.com/https://api.openai.com/v1/chat/completions',
    'http://api.openai.com/v1/chat/completions',
    'http://localhost:11434/v1/chat/completions',
    'http://localhost:8000/v1/chat/completions',
    'https://skyrouter.invalid/v1/chat/completions',
  ])('does not recognise %s', (url) => {
    expect(directory.find('POST', url).result).toBe('unknown_provider');
  });

  it('lists the address that was chosen last', () => {
    const at = (...asked: Parameters<typeof providersAt>): string | undefined =>
      addressesOf('openrouter', ...asked).at(-1);
    const eu = 'https://eu.openrouter.ai/api/v1';
    const own = 'https://llm.example.com/v1';
    expect(at(knownProviders, {}, [])).toBe('https://openrouter.ai/api/v1');
    expect(at(knownProviders, { OPENROUTER_BASE_URL: `${eu}/` }, [])).toBe(eu);
    expect(at(knownProviders, { OPENROUTER_BASE_URL: eu }, [{ type: 'openrouter', baseUrl: own }])).toBe(own);
  });

  it('finds model servers and gateways of one’s own where a configuration says they are', () => {
    expect(addressesOf('ollama', providerTypes, {}, [{ type: 'ollama' }])).toEqual([
      'http://localhost:11434/v1',
    ]);
    expect(addressesOf('vllm', providerTypes, {}, [{ type: 'vllm', baseUrl: 'http://gpu:8000/v1' }])).toEqual(
      ['http://gpu:8000/v1'],
    );
    expect(
      addressesOf('skyrouter', providerTypes, { SKYROUTER_BASE_URL: 'https://s.example.com/v1' }, []),
    ).toEqual(['https://s.example.com/v1']);
  });

  it('gives one provider several names where a configuration does', () => {
    const configured = [{ type: 'openai', id: 'openai-gateway', baseUrl: 'https://llm.example.com/v1' }];
    expect(addressesOf('openai-gateway', providerTypes, {}, configured)).toEqual([
      'https://llm.example.com/v1',
    ]);
    expect(addressesOf('openai', providerTypes, {}, configured)).toContain('https://api.openai.com/v1');
  });

  it('reads what a gateway of one’s own is asked as that gateway does, however its address is said', () => {
    const self = { type: 'helicone', baseUrl: 'http://localhost:8080/ai' };
    for (const found of [
      providersAt(providerTypes, { HELICONE_BASE_URL: self.baseUrl }, []),
      providersAt(providerTypes, {}, [self]),
    ]) {
      const helicone = found.findLast(({ id }) => id === 'helicone');
      expect(helicone?.baseUrl).toBe(self.baseUrl);
      expect(helicone?.priceAs?.('openai/gpt-4o')).toEqual({ provider: 'openai', model: 'gpt-4o' });
    }
    const cloud = providersAt(providerTypes, { HELICONE_BASE_URL: 'https://eu.helicone.ai/v1' }, []);
    expect(cloud.findLast(({ id }) => id === 'helicone')?.priceAs?.('gpt-4o/openai')).toEqual({
      provider: 'openai',
      model: 'gpt-4o',
    });
  });

  it('knows deployments, places and plain servers as the proxy does', () => {
    const found = providersAt(providerTypes, {}, [
      { type: 'azure', baseUrl: 'https://ours.openai.azure.com', deployments: { prod: 'gpt-4o-mini' } },
      { type: 'aws-bedrock', location: 'xx-new-1' },
      { type: 'openai-compatible', id: 'acme', baseUrl: 'https://llm.acme.example/v1' },
    ]);
    const azure = found.findLast(({ id }) => id === 'azure');
    expect([azure?.baseUrl, azure?.priceAs?.('prod')]).toEqual([
      'https://ours.openai.azure.com/openai',
      'gpt-4o-mini',
    ]);
    expect(found.findLast(({ id }) => id === 'aws-bedrock')?.baseUrl).toContain('xx-new-1');
    expect(found.findLast(({ id }) => id === 'acme')?.baseUrl).toBe('https://llm.acme.example/v1');
    expect(() =>
      providersAt(providerTypes, {}, [{ type: 'openai-compatible', baseUrl: 'https://a.example' }]),
    ).toThrow(/providers\[0\]\.id: expected one/);
  });

  it('tells OpenRouter of the application that the environment names, unless the program does', () => {
    const environment = { OPENROUTER_HTTP_REFERER: 'https://a.example', OPENROUTER_X_TITLE: 'Ours' };
    const own = createOpenRouter({ app: { url: 'https://own.example' } });
    const headersBy = (...asked: Parameters<typeof providersAt>) =>
      providersAt(...asked).findLast(({ id }) => id === 'openrouter')?.headers;
    expect(headersBy(knownProviders, environment, [])).toMatchObject({
      'http-referer': 'https://a.example',
      'x-openrouter-title': 'Ours',
      'x-openrouter-metadata': 'enabled',
    });
    expect(headersBy([own], environment, [])).toMatchObject({ 'http-referer': 'https://own.example' });
    expect(() => headersBy(knownProviders, { OPENROUTER_HTTP_REFERER: 'ours' }, [])).toThrow(
      'OPENROUTER_HTTP_REFERER: expected an absolute URL',
    );
  });

  it('takes the providers of the proxy that are not elsewhere for what they are', () => {
    expect(providersAt(knownProviders, {}, [{ type: 'simulated' }, { type: 'openai' }])).toEqual(
      providersAt(knownProviders, {}, []),
    );
  });

  it('refuses a type that nobody knows, and says which there are', () => {
    expect(() => providersAt(knownProviders, {}, [{ type: 'openia' }])).toThrow(
      /providers\[0\]\.type: expected one of openai, anthropic, .*; got "openia"/,
    );
  });
});
