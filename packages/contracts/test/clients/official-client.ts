import type { Provider } from '@genops/core';
import type { Governor } from '@genops/governor';
import type { FakeUpstream, Reply, WireFormat } from '@genops/testing';

/** Where a client finds the fake upstream, and what lets it in. */
export type Place = Pick<FakeUpstream, 'url' | 'apiKey'>;

/** One way to use a client: what it gives back must not depend on being governed. */
export interface Use<Sdk, Client> {
  run(client: Client, sdk: Sdk): Promise<unknown>;
  /** One for each call that it makes. @default one call, which gets what the fake upstream makes up */
  readonly replies?: readonly [Reply, ...Reply[]];
}

/** How a client is made, governed and not. */
export interface Governable<Sdk, Client> {
  readonly format: WireFormat;
  /** Who answers at the fake upstream's address. */
  provider(url: string): Provider;
  /** As one who knows nothing of GenOps makes it, but for tries of its own. */
  bare(sdk: Sdk, place: Place): Client;
  /** As the README of the adapter says. */
  governed(sdk: Sdk, place: Place, governor: Governor): Client;
  /** Its requests come by HTTP/2 without TLS, which the fake upstream does not speak itself. @default false */
  readonly usesHttp2?: boolean;
}

/** An official client as it comes from its package, and everything that people do with it. */
export interface OfficialClient<Sdk, Client> extends Governable<Sdk, Client> {
  /** Of the package. */
  readonly name: string;
  readonly sdk: { readonly ESM: Sdk; readonly CommonJS: Sdk };
  readonly uses: Readonly<Record<string, Use<Sdk, Client>>>;
  /** Begins to read a stream and breaks out of it. @returns what it had read by then */
  breakOut(client: Client, sdk: Sdk, signal: AbortSignal): Promise<unknown>;
  /** Breaking out alone tells nobody: the client keeps its connection until it is aborted. @default false */
  readonly staysUntilAborted?: boolean;
  /** Asks, and goes away when the signal says so. */
  ask(client: Client, signal: AbortSignal, sdk: Sdk): Promise<unknown>;
  /** Members that governing adds to requests, each documented; the rest is as it was written. @default [] */
  readonly added?: readonly string[];
}

/** Everything that a stream gives, in order. */
export async function toTheEnd<Item>(stream: AsyncIterable<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** The first thing that a stream gives; it is left with more to come. */
export async function first<Item>(stream: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of stream) return item;
  return undefined;
}

/** The stream that an answer is, where types leave it open. */
export function streamIn(answer: object): AsyncIterable<unknown> {
  if (!(Symbol.asyncIterator in answer)) throw new TypeError('expected a stream');
  return answer as AsyncIterable<unknown>;
}
