import { describe, expect, it } from 'vitest';
import { checkSignature, type SignedRequest } from './aws-signature.ts';

const scope = { region: 'us-east-1', service: 'service' };
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const secretOf = (id: string) => (id === 'AKIDEXAMPLE' ? secret : undefined);

/** Requests of the test suite that AWS publishes for Signature Version 4, with their signatures. */
const published: readonly (readonly [string, Omit<SignedRequest, 'headers'>, object, string, string])[] = [
  [
    'get-vanilla',
    { method: 'GET', path: '/', body: Buffer.from('') },
    {},
    'host;x-amz-date',
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'get-vanilla-query-order-key-case',
    { method: 'GET', path: '/?Param2=value2&Param1=value1', body: Buffer.from('') },
    {},
    'host;x-amz-date',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'post-x-www-form-urlencoded',
    { method: 'POST', path: '/', body: Buffer.from('Param1=value1') },
    { 'content-type': 'application/x-www-form-urlencoded' },
    'content-type;host;x-amz-date',
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
];

function request(...[, line, headers, names, signature]: (typeof published)[number]): SignedRequest {
  const credential = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request';
  return {
    ...line,
    headers: {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
    },
  };
}

describe('checkSignature', () => {
  it.each(published)('accepts %s of the suite that AWS publishes, and nothing beside it', (...vector) => {
    const signed = request(...vector);
    expect(checkSignature(signed, scope, secretOf)).toEqual({ result: 'valid', accessKeyId: 'AKIDEXAMPLE' });
    const wrong = [
      checkSignature({ ...signed, body: Buffer.from('other') }, scope, secretOf),
      checkSignature({ ...signed, path: '/other' }, scope, secretOf),
      checkSignature({ ...signed, method: 'PUT' }, scope, secretOf),
      checkSignature(signed, { ...scope, region: 'eu-west-1' }, secretOf),
      checkSignature(signed, scope, () => `${secret}x`),
    ];
    for (const check of wrong)
      expect(check).toMatchObject({ result: 'invalid', code: 'InvalidSignatureException' });
  });

  it('tells an unknown key and a request without a signature apart', () => {
    const signed = request(...(published[0] as (typeof published)[number]));
    expect(checkSignature(signed, scope, () => undefined)).toMatchObject({
      code: 'UnrecognizedClientException',
    });
    expect(checkSignature({ ...signed, headers: {} }, scope, secretOf)).toMatchObject({
      code: 'MissingAuthenticationTokenException',
    });
  });
});
