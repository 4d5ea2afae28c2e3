import type { AnswerFacts, RequestFacts, StreamFacts, WireError } from '@genops/core';

/** What a provider really sends and takes, trimmed and without secrets, and how it is to be read. */
export interface ProviderFixtures {
  /** The headers that carry this key, all of them and no others. */
  keyHeaders(apiKey: string): Readonly<Record<string, string>>;
  /** At least one for each metered route. */
  readonly exchanges: readonly ExchangeFixture[];
}

/** One route of a provider, with what travels on it. Bytes are as they were on the wire. */
export interface ExchangeFixture {
  /** Below the base URL, with no pattern in it: `/chat/completions`. */
  readonly path: string;
  readonly request: {
    readonly bytes: Uint8Array;
    /** These facts at least. */
    readonly facts: Partial<RequestFacts>;
    /** Where it is not JSON: `multipart/form-data; boundary=…`. */
    readonly contentType?: string;
    /** True where the address decides the model, so that no change of the request moves it. @default false */
    readonly hasFixedModel?: boolean;
    /** False where the length of an answer is not the caller's to cap: embeddings. @default true */
    readonly takesCap?: boolean;
  };
  readonly answer: {
    readonly bytes: Uint8Array;
    /** These facts and no others. */
    readonly facts: AnswerFacts;
  };
  /** Left out where the route does not stream. */
  readonly stream?: {
    readonly bytes: Uint8Array;
    /** These facts and no others. */
    readonly facts: StreamFacts;
  };
  readonly error: {
    readonly bytes: Uint8Array;
    /** The same error in the words of every dialect. */
    readonly error: WireError;
    /**
     * Members that the format's clients expect and this provider leaves out: `error.param`.
     *
     * @default none
     */
    readonly lacks?: readonly string[];
  };
  /** More errors that it answers with. @default none */
  readonly otherErrors?: readonly ErrorFixture[];
}

/** An error as a provider sends it. */
export interface ErrorFixture {
  readonly status: number;
  readonly bytes: Uint8Array;
  /** The id of the router's error class that it falls into. @default any */
  readonly means?: string;
}

/**
 * Reads a file of errors, `[{"status", "means", "body"}]`: each as it was seen or is documented, and what the
 * router takes it for.
 */
export function readErrors(file: Uint8Array): readonly ErrorFixture[] {
  const rows = JSON.parse(Buffer.from(file).toString('utf8')) as readonly {
    readonly status: number;
    readonly means: string;
    readonly body: unknown;
  }[];
  return rows.map(({ status, means, body }) => ({
    status,
    means,
    bytes: Buffer.from(JSON.stringify(body)),
  }));
}
