import { ConfigurationError } from '@genops/core';
import { checkSignature } from '@genops/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AwsCredentials, awsKey, createSignedBedrock } from './src/signed.ts';

const credentials: AwsCredentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/of+the+key' };
const scope = { region: 'eu-west-1', service: 'bedrock' };
const secretOf = (id: string): string | undefined =>
  id === credentials.accessKeyId ? credentials.secretAccessKey : undefined;

const host = 'bedrock-runtime.eu-west-1.amazonaws.com';
const request = {
  method: 'POST',
  url: `https://${host}/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse`,
  headers: { 'content-type': 'application/json', accept: '*/*' },
  body: Buffer.from('{}'),
};

async function sign(
  bedrock = createSignedBedrock({ region: scope.region, credentials }),
  apiKey?: string,
  asked: typeof request = request,
): Promise<Readonly<Record<string, string>>> {
  return (await bedrock.sign?.(asked, apiKey)) ?? {};
}

describe('createSignedBedrock', () => {
  it('signs as AWS checks it, whatever stands in path, query and body', async () => {
    const segment = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 })
      .map(encodeURIComponent);
    const query = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.string({ maxLength: 8 }), {
      maxKeys: 3,
    });
    // A path of dots alone is resolved on the way.
    const safe = segment.filter((text) => !/^\.+$/.test(text));
    await fc.assert(
      fc.asyncProperty(safe, query, fc.uint8Array(), async (model, parameters, body) => {
        const search = new URLSearchParams(parameters).toString();
        const path = `/model/${model}:0/converse${search === '' ? '' : `?${search}`}`;
        const asked = { ...request, url: `https://${host}${path}`, body: Buffer.from(body) };
        const headers = { ...request.headers, host, ...(await sign(undefined, undefined, asked)) };
        const check = checkSignature({ method: 'POST', path, headers, body }, scope, secretOf);
        expect(check).toEqual({ result: 'valid', accessKeyId: credentials.accessKeyId });
      }),
    );
  });

  it('gives what it adds, and leaves out of the signature what may change on the way', async () => {
    const added = await sign();
    expect(Object.keys(added).sort()).toEqual(['authorization', 'x-amz-content-sha256', 'x-amz-date']);
    expect(added['authorization']).toContain(
      'SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,',
    );
  });

  it('signs with the key it is given rather than with its own', async () => {
    const other = { accessKeyId: 'AKIDOTHER', secretAccessKey: 'other', sessionToken: 'token' };
    const added = await sign(undefined, awsKey(other));
    expect(added['authorization']).toContain('Credential=AKIDOTHER/');
    expect(added['x-amz-security-token']).toBe('token');
  });

  it.each([
    ['is no JSON', 'AKIDEXAMPLE:secret-of-mine'],
    ['has no secret', JSON.stringify({ accessKeyId: 'AKIDEXAMPLE', token: 'secret-of-mine' })],
    ['has a secret that is no text', JSON.stringify({ accessKeyId: 'secret-of-mine', secretAccessKey: 1 })],
  ])('refuses a key that %s, and does not repeat it', async (_, key) => {
    const error = await sign(undefined, key).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).not.toContain('secret-of-mine');
  });

  it('tells credentials that are not there from those that could not be fetched just now', async () => {
    const missing = Object.assign(new Error('Could not load'), { name: 'CredentialsProviderError' });
    const failing = (error: Error) => createSignedBedrock({ credentials: () => Promise.reject(error) });
    await expect(sign(failing(missing))).rejects.toThrow('AWS credentials were not found: Could not load');
    await expect(sign(failing(new TypeError('socket')))).rejects.toThrow(TypeError);
    await expect(sign(createSignedBedrock())).rejects.toThrow('nothing to sign with');
  });
});
