import type { Operation } from './call.ts';
import type { AnswerFacts, Dialect, RequestFacts } from './dialect.ts';
import { ConfigurationError } from './errors.ts';

/** Something a provider can be asked: a path, and how its requests and answers look. */
export type ProviderRoute =
  | {
      readonly kind: 'metered';
      readonly method: 'POST' | 'PATCH';
      /** Below the base URL: `/chat/completions`; `*` stands for one segment or part of one. */
      readonly path: string;
      readonly dialect: Dialect;
      /** Where this provider's own clients expect errors in another shape than the format has. */
      readonly renderError?: Dialect['renderError'];
      /** Of calls that were addressed elsewhere: the models that are asked for here. @default all */
      serves?(model: string): boolean;
      /** Of calls that were addressed elsewhere: what their bodies need besides the dialect. */
      adapt?(body: Uint8Array): Uint8Array;
    }
  /** Costs nothing and holds nothing, yet is known: lists, counts. */
  | {
      readonly kind: 'free';
      readonly method: string;
      readonly path: string;
      readonly operation?: Operation;
      /**
       * `account` where it shows or changes what the account keeps: files, batches, earlier answers, what was
       * spent. Whoever lets several parties share an account has to think about these.
       *
       * @default 'call'
       */
      readonly reach?: 'call' | 'account';
      /** Where something is uploaded that an order may name later. */
      readonly upload?: UploadFormat;
    }
  /** Free itself; its answer tells what work that was ordered before has consumed. */
  | {
      readonly kind: 'results';
      readonly method: 'GET';
      readonly path: string;
      readonly results: ResultsFormat;
    }
  /** Known, and never sent: nothing that passes here could tell what it costs. */
  | { readonly kind: 'refused'; readonly method: string; readonly path: string; readonly reason: string };

/** How an upload is read that an order may name later. */
export interface UploadFormat {
  /** The requests that it consists of; `undefined` for one that is no order, or that cannot be read as one. */
  readRequests(body: Uint8Array, contentType: string | undefined): readonly RequestFacts[] | undefined;
  /** The id that an order names it by, out of the answer as parsed. */
  readId(answer: unknown): string | undefined;
}

/** How results are read: line by line, or as one document. */
export type ResultsFormat = ResultLines | ResultDocument;

/** How the lines of a file of results are read. */
export interface ResultLines {
  /** The id of the order that the results at this path belong to, where the path says it. */
  orderAt?(path: string): string | undefined;
  /** The id of the file whose content this is, where an order may have named it as its output. */
  fileAt?(path: string): string | undefined;
  /**
   * One line as parsed.
   *
   * @returns `undefined` for a line that tells of no work: an error, something that is no result
   * @throws {UsageError} for counters that cannot be
   */
  readLine(line: unknown): ResultLine | undefined;
}

/** How an answer is read that shows an order with what has come of it so far. */
export interface ResultDocument {
  /** What the order was recorded as. */
  readonly orderedAs: Operation;
  /** What happens to results of an order that the ledger does not know. */
  readonly ofUnknownOrders: 'book' | 'leave';
  /**
   * The answer as parsed, or one event of it where it is a stream.
   *
   * @returns `undefined` while it tells of no work
   * @throws {UsageError} for counters that cannot be
   */
  readDocument(document: unknown): OrderResults | undefined;
}

/** What has come of an order. */
export interface OrderResults {
  /** The id of the order. */
  readonly order: string;
  /** About when it was given, where the answer tells: a known order is looked for around it. */
  readonly orderedAt?: Date;
  readonly results: readonly ResultLine[];
  /** True when that is all that the order comes to. */
  readonly complete: boolean;
  /** The file that has its results, which are all of them. */
  readonly file?: string;
}

/** The work that one line of results tells of. */
export interface ResultLine {
  /** Unique within its order, and everywhere where the path names no order. */
  readonly id: string;
  readonly operation: Operation;
  readonly facts: AnswerFacts;
}

/**
 * Routes that a dialect meters.
 *
 * @param more - what all of them share
 */
export function meteredRoutes(
  dialect: Dialect,
  paths: readonly string[],
  more: Omit<Extract<ProviderRoute, { kind: 'metered' }>, 'kind' | 'method' | 'path' | 'dialect'> = {},
): readonly ProviderRoute[] {
  return paths.map((path) => ({ kind: 'metered', method: 'POST', path, dialect, ...more }));
}

/**
 * Free routes, each written as in a reference: `'GET /models'`.
 *
 * @param more - what all of them share
 */
export function freeRoutes(
  lines: readonly string[],
  more: {
    readonly operation?: Operation;
    readonly reach?: 'account';
    readonly upload?: UploadFormat;
  } = {},
): readonly ProviderRoute[] {
  return lines.map((line) => ({ kind: 'free', ...methodAndPath(line), ...more }));
}

/** Routes that are refused by name, written likewise. */
export function refusedRoutes(reason: string, lines: readonly string[]): readonly ProviderRoute[] {
  return lines.map((line) => ({ kind: 'refused', ...methodAndPath(line), reason }));
}

function methodAndPath(line: string): { readonly method: string; readonly path: string } {
  const [method = '', path = ''] = line.split(' ');
  return { method, path };
}

/** A model as one provider names it. */
export interface ModelAt {
  readonly provider: string;
  readonly model: string;
}

/** How one provider speaks: a record, nothing that runs. */
export interface Provider {
  /** Lower-case, as in `gen_ai.provider.name` and the price catalogue: `openai`. */
  readonly id: string;
  /** As its makers write it. */
  readonly name: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Where its key is looked for in the environment. */
  readonly apiKeyEnv: string;
  /** The headers that carry a key. */
  authorize(apiKey: string): Readonly<Record<string, string>>;
  readonly routes: readonly ProviderRoute[];
  /** Sent with every call unless the caller says otherwise: an app's name, an API version. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The name by which a model is priced, where its users name it themselves (an Azure deployment), or whose
   * price list it is on, where this provider has none of its own (a gateway).
   *
   * @param hostProvider - who served it, as far as the answer said
   */
  priceAs?(model: string, hostProvider?: string): string | ModelAt;
  /** What the head of an answer tells before its body comes. Header names are in lower case. */
  readHead?(headers: Readonly<Record<string, string>>): AnswerFacts;
  /**
   * Signs one attempt, where a key in a header is not enough. Asked for each attempt anew, with all that goes
   * out; not asked where the caller sent an `authorization` of their own.
   *
   * @param apiKey - absent where the provider finds its credentials itself
   * @returns the headers to add
   * @throws {ConfigurationError} when there is nothing to sign with
   */
  sign?(request: UnsignedRequest, apiKey: string | undefined): Promise<Readonly<Record<string, string>>>;
  /** True when a signature covers the body, so that nothing in it may be changed on the way. */
  isSigned?(headers: Readonly<Record<string, string>>): boolean;
  /** True when every stream ends with usage, asked or not: nothing is asked then, and nothing withheld. */
  readonly streamsTellUsage?: boolean;
  /** How to ask later what a call came to whose answer was not read to its end. */
  readonly receipts?: ReceiptRoute;
  /** What a check of somebody's setup can look at without spending anything. */
  readonly setup?: ProviderSetup;
}

/** What a signature covers. */
export interface UnsignedRequest {
  readonly method: string;
  /** Absolute, as it goes out. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** Where people put what this provider needs, and how it looks when it is right. */
export interface ProviderSetup {
  /** The variable in which its SDKs look for another address, and what they append to what stands there. */
  readonly baseUrlEnv?: { readonly name: string; readonly appended?: string };
  /** Further variables in which its SDKs look for a key; they come before `apiKeyEnv`. */
  readonly apiKeyEnvAliases?: readonly string[];
  /** Tells its keys from others': `sk-ant-…`. */
  readonly apiKeyShape?: { readonly pattern: RegExp; readonly example: string };
  /** A `GET` below the base URL that costs nothing and that only a valid key gets answered. */
  readonly keyProbe?: string;
}

/** Where a provider tells afterwards what it charged for a call. */
export interface ReceiptRoute {
  /** Below the base URL, for a GET with the call's own key. */
  path(responseId: string): string;
  /** @returns `undefined` while the provider does not know yet */
  read(bytes: Uint8Array): AnswerFacts | undefined;
}

/**
 * Checks a provider record once, when it is defined.
 *
 * @throws {ConfigurationError} when the id or the base URL is not well-formed
 */
export function defineProvider(provider: Provider): Provider {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(provider.id)) {
    throw new ConfigurationError('provider.id', 'expected lower-case letters, digits, dots and dashes');
  }
  if (!URL.canParse(provider.baseUrl) || provider.baseUrl.endsWith('/')) {
    throw new ConfigurationError(
      `provider ${provider.id}: baseUrl`,
      `expected an absolute URL without a trailing slash, got "${provider.baseUrl}"`,
    );
  }
  return provider;
}

/** The same provider behind another address: a gateway of one's own, a region, a test. */
export function withBaseUrl(provider: Provider, baseUrl: string): Provider {
  return defineProvider({ ...provider, baseUrl: baseUrl.replace(/\/+$/, '') });
}
