import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

/** A request as the AWS SDK hands it to whoever sends it. */
export interface AwsRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer as the AWS SDK takes it. */
export interface AwsResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/** What a client of the AWS SDK is given to be governed. */
export interface BedrockClientOptions {
  readonly requestHandler: {
    handle(
      request: AwsRequest,
      options?: { readonly abortSignal?: unknown },
    ): Promise<{ readonly response: AwsResponse }>;
    updateHttpClientConfig(): void;
    httpHandlerConfigs(): Record<string, never>;
  };
  /** A refusal is final: whoever sends it again gets it again. */
  readonly maxAttempts: 1;
}

/**
 * Lets a client of the AWS SDK send through a `fetch`, such as a governor's, signed or not:
 *
 * ```ts
 * new BedrockRuntimeClient({ region: 'us-east-1', ...throughFetch(governor.fetch) });
 * ```
 */
export function throughFetch(fetch: typeof globalThis.fetch): BedrockClientOptions {
  return {
    maxAttempts: 1,
    requestHandler: {
      async handle(request, { abortSignal } = {}) {
        const answer = await fetch(urlOf(request), {
          method: request.method,
          headers: request.headers,
          ...(request.body !== undefined && { body: request.body as Uint8Array<ArrayBuffer> }),
          ...(abortSignal instanceof AbortSignal && { signal: abortSignal }),
        });
        return {
          response: {
            statusCode: answer.status,
            reason: answer.statusText,
            headers: Object.fromEntries(answer.headers),
            body: answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body as ReadableStream),
          },
        };
      },
      updateHttpClientConfig: () => {},
      httpHandlerConfigs: () => ({}),
    },
  };
}

/** The path comes encoded and is what was signed; it is put together, not resolved. */
function urlOf({ protocol, hostname, port, path, query = {} }: AwsRequest): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? encode(name) : `${encode(name)}=${encode(String(one))}`)),
  );
  const search = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${search}`;
}

const encode = encodeURIComponent;
