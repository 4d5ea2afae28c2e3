import { createHash, createHmac } from 'node:crypto';

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** What a signature is made for. */
export interface SignatureScope {
  readonly region: string;
  readonly service: string;
}

export type SignatureCheck =
  | { readonly result: 'valid'; readonly accessKeyId: string }
  /** `canonical` is what should have been signed, which AWS shows too. */
  | { readonly result: 'invalid'; readonly code: string; readonly canonical: string };

/**
 * Checks a request's Signature Version 4 as AWS describes it, without any library that signs.
 *
 * @param secretOf - the secret of an access key; `undefined` for one that nobody has
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (checked 2026-11-30)
 */
export function checkSignature(
  request: SignedRequest,
  scope: SignatureScope,
  secretOf: (accessKeyId: string) => string | undefined,
): SignatureCheck {
  const { headers } = request;
  const shape =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const [, accessKeyId, day, region, service, names, signature] =
    shape.exec(headers['authorization'] ?? '') ?? [];
  const date = headers['x-amz-date'];
  if (accessKeyId === undefined || names === undefined || date === undefined)
    return { result: 'invalid', code: 'MissingAuthenticationTokenException', canonical: '' };
  const canonical = canonicalRequest(request, names.split(';'));
  const invalid = (code: string): SignatureCheck => ({ result: 'invalid', code, canonical });
  if (region !== scope.region || service !== scope.service) return invalid('InvalidSignatureException');
  if (day !== date.slice(0, 8) || !names.split(';').includes('host'))
    return invalid('InvalidSignatureException');
  const said = headers['x-amz-content-sha256'];
  if (said !== undefined && said !== sha256(request.body)) return invalid('InvalidSignatureException');
  const secret = secretOf(accessKeyId);
  if (secret === undefined) return invalid('UnrecognizedClientException');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (made, part) => hmac(made, part as string),
    `AWS4${secret}`,
  );
  const toSign = [
    'AWS4-HMAC-SHA256',
    date,
    `${day}/${region}/${service}/aws4_request`,
    sha256(canonical),
  ].join('\n');
  if (hmac(key, toSign).toString('hex') !== signature) return invalid('InvalidSignatureException');
  return { result: 'valid', accessKeyId };
}

function canonicalRequest({ method, path, headers, body }: SignedRequest, names: readonly string[]): string {
  const [pathname = '/', query = ''] = path.split('?');
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [
    method,
    pathname.split('/').map(encode).join('/'),
    canonicalQuery(query),
    lines.join(''),
    names.join(';'),
    sha256(body),
  ].join('\n');
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  const percent = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
