import { readFileSync } from 'node:fs';
import { hasErrorCode } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { checkConfig, configJsonSchema, parseConfig, resolveReference } from './config.ts';
import { providerOf } from './provider-of.ts';

const smallest = {
  providers: [{ type: 'openai', apiKey: 'env:OPENAI_API_KEY' }],
  virtualKeys: [{ id: 'search', secret: 'env:SEARCH_KEY' }],
};

function complaint(document: unknown): string {
  try {
    checkConfig(document);
    return 'nothing';
  } catch (error) {
    return hasErrorCode(error, 'invalid_configuration') ? error.message : 'another error';
  }
}

describe('checkConfig', () => {
  it('fills in what is not said', () => {
    expect(checkConfig(smallest)).toMatchObject({
      server: { host: '127.0.0.1', port: 8787 },
      mode: 'enforce',
      limits: [],
      onUnpriced: 'block',
      virtualKeys: [{ attribution: {} }],
    });
  });

  it.each([
    ['no providers', { ...smallest, providers: [] }, /^providers:/],
    ['an unknown type', { ...smallest, providers: [{ type: 'openia', apiKey: 'env:A' }] }, /^providers\[0\]/],
    [
      'the same provider twice',
      { ...smallest, providers: [...smallest.providers, ...smallest.providers] },
      /providers\[1\]\.id: "openai" is used twice/,
    ],
    [
      'a key without a secret',
      { ...smallest, virtualKeys: [{ id: 'a' }] },
      /virtualKeys\[0\]: expected either secret or sha256/,
    ],
    [
      'a secret in the file',
      { ...smallest, virtualKeys: [{ id: 'a', secret: 'gk-abc' }] },
      /virtualKeys\[0\]\.secret: expected a reference such as env:/,
    ],
    [
      'an attribute that is no text',
      { ...smallest, virtualKeys: [{ id: 'a', secret: 'env:A', attribution: { team: 7 } }] },
      /virtualKeys\[0\]\.attribution\.team/,
    ],
    [
      'a limit without an amount',
      { ...smallest, limits: [{ id: 'a', window: 'month' }] },
      /limits\[0\]\.amount/,
    ],
    ['text', 'providers', /genops\.yaml/],
    ['nothing', null, /genops\.yaml/],
  ])('refuses %s and says where', (_what, document, message) => {
    expect(complaint(document)).toMatch(message);
  });

  it('names everything that is wrong at once', () => {
    const message = complaint({
      providers: [{ type: 'openai', apiKey: 'x' }],
      virtualKeys: [{ id: 'A B', secret: 'y' }],
    });
    expect(message).toMatch(/providers\[0\]\.apiKey/);
    expect(message).toMatch(/virtualKeys\[0\]\.id/);
    expect(message).toMatch(/virtualKeys\[0\]\.secret/);
  });
});

describe('parseConfig', () => {
  it('says in which line YAML is broken', () => {
    expect(() => parseConfig('providers:\n  - type: [openai\n')).toThrow(/^line \d/);
  });

  it('does not grow without end by aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `a${level}: &a${level} [${`*a${level - 1}, `.repeat(level === 0 ? 0 : 9)}x]`,
    );
    expect(() => parseConfig(levels.join('\n'))).toThrow();
  });
});

describe('resolveReference', () => {
  it('names the variable and never its value', () => {
    expect(resolveReference({ A: 'secret' }, 'x', 'env:A')).toBe('secret');
    expect(() => resolveReference({ A: '' }, 'providers[0].apiKey', 'env:A')).toThrow(
      'providers[0].apiKey: the environment variable A is not set',
    );
  });
});

describe('providers at addresses of one’s own', () => {
  const problem = (provider: object) => {
    try {
      checkConfig({
        providers: [provider],
        virtualKeys: [{ id: 'one', secret: 'env:KEY' }],
      });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    [{ type: 'azure' }, 'providers[0].baseUrl'],
    [{ type: 'skyrouter' }, 'providers[0].baseUrl'],
    [{ type: 'openai-compatible', id: 'ours' }, 'providers[0].baseUrl'],
    [{ type: 'openai-compatible', baseUrl: 'https://llm.example.com/v1' }, 'providers[0].id'],
    [{ type: 'openai', deployments: { a: 'gpt-4o' } }, 'providers[0].deployments'],
    [{ type: 'google-vertex', account: 'everyone' }, 'providers[0].account'],
  ])('must be named: %j', (provider, path) => {
    expect(problem(provider)).toContain(path);
  });

  it.each([
    [{ type: 'aws-bedrock', location: 'eu-west-1' }, 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
    [{ type: 'google-vertex', location: 'europe-west4' }, 'https://europe-west4-aiplatform.googleapis.com'],
    [{ type: 'google-vertex' }, 'https://aiplatform.googleapis.com'],
    [{ type: 'azure', baseUrl: 'https://ours.openai.azure.com/' }, 'https://ours.openai.azure.com/openai'],
    [{ type: 'helicone', baseUrl: 'http://localhost:8080/ai' }, 'http://localhost:8080/ai'],
    [
      { type: 'openai-compatible', id: 'ours', baseUrl: 'https://llm.example.com/v1/' },
      'https://llm.example.com/v1',
    ],
  ])('are where %j says', (provider, baseUrl) => {
    const { providers } = checkConfig({
      providers: [provider],
      virtualKeys: [{ id: 'one', secret: 'env:KEY' }],
    });
    const [entry] = providers;
    if (entry === undefined || entry.type === 'simulated') return expect.unreachable();
    expect(providerOf(entry).baseUrl).toBe(baseUrl);
  });
});

describe('genops.schema.json', () => {
  it('is what the configuration is checked with', () => {
    const written = JSON.parse(readFileSync(new URL('../genops.schema.json', import.meta.url), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });
});
