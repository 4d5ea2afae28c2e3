import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { ConfigurationError, defineProvider, type Provider, type UnsignedRequest } from '@genops/core';
import { SignatureV4 } from '@smithy/signature-v4';
import { type BedrockOptions, createBedrock } from './bedrock.ts';

/** What AWS knows somebody by. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that last for a while only. */
  readonly sessionToken?: string;
}

export interface SignedBedrockOptions extends BedrockOptions {
  /**
   * What requests are signed with that are given no key of their own, or what finds it, asked for each
   * attempt: `defaultProvider()` of `@aws-sdk/credential-provider-node` keeps what it found until shortly
   * before that ends.
   */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
}

/**
 * Amazon Bedrock in one region, each attempt signed with AWS credentials (Signature Version 4). A key, where
 * one is given, is written with {@link awsKey}. Requests that come with an `authorization` keep it.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (checked 2026-11-30)
 */
export function createSignedBedrock(options: SignedBedrockOptions = {}): Provider {
  const { region = 'us-east-1', credentials } = options;
  return defineProvider({
    ...createBedrock({ region }),
    apiKeyEnv: 'AWS_ACCESS_KEY_ID',
    authorize: () => ({}),
    async sign(request, apiKey) {
      const signer = new SignatureV4({
        service: 'bedrock',
        region,
        sha256: Sha256,
        credentials: await credentialsFor(apiKey, credentials),
      });
      return signatureOf(signer, request);
    },
  });
}

/** Credentials as one text, for wherever a provider's key is kept. */
export function awsKey({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials): string {
  return JSON.stringify({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
  });
}

async function credentialsFor(
  apiKey: string | undefined,
  found: SignedBedrockOptions['credentials'],
): Promise<AwsCredentials> {
  if (apiKey !== undefined) return readKey(apiKey);
  if (found === undefined) throw new ConfigurationError('credentials', 'Bedrock has nothing to sign with');
  if (typeof found !== 'function') return found;
  try {
    return await found();
  } catch (error) {
    if (error instanceof Error && error.name === 'CredentialsProviderError')
      throw new ConfigurationError('credentials', `AWS credentials were not found: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

/** Never quotes what it was given. */
function readKey(apiKey: string): AwsCredentials {
  try {
    const key = JSON.parse(apiKey) as AwsCredentials;
    const { accessKeyId, secretAccessKey, sessionToken } = key;
    const texts = [accessKeyId, secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])];
    if (texts.every((text) => typeof text === 'string' && text !== '')) return key;
  } catch {
    // Said below, without the text.
  }
  throw new ConfigurationError(
    'credentials',
    'expected an access key id and a secret access key, see awsKey',
  );
}

/** What somebody on the way may change is not part of what is signed. */
async function signatureOf(
  signer: SignatureV4,
  { method, url, headers, body }: UnsignedRequest,
): Promise<Readonly<Record<string, string>>> {
  const { protocol, host, hostname, search } = new URL(url);
  const signed = await signer.sign({
    method,
    protocol,
    hostname,
    path: url.slice(url.indexOf(host) + host.length, url.length - search.length),
    query: queryOf(search),
    headers: {
      host,
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => isSigned(name))),
    },
    body,
  });
  const { host: _, 'content-type': _type, ...added } = signed.headers;
  return added;
}

function isSigned(name: string): boolean {
  return name === 'content-type' || name.startsWith('x-amzn-');
}

function queryOf(search: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  const parameters = new URLSearchParams(search);
  for (const name of parameters.keys()) {
    const values = parameters.getAll(name);
    query[name] = values.length === 1 ? (values[0] as string) : values;
  }
  return query;
}

type Bytes = ArrayBuffer | ArrayBufferView | string;

/** SHA-256 of Node, in the shape that the signer asks for. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', viewOf(secret));
  }

  update(data: Bytes): void {
    this.#hash.update(viewOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

function viewOf(data: Bytes): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
