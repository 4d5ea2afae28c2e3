import { type FakeUpstream, type Http2Front, startFakeUpstream, startHttp2Front } from '@genops/testing';
import { afterAll, beforeAll } from 'vitest';
import type { Governable, Place } from './official-client.ts';
import type { Governance, Way } from './ways.ts';

/** A fake upstream for the tests of one kind of client. */
export interface AtUpstream<Sdk, Client> {
  readonly upstream: FakeUpstream;
  /** With a new client, and the upstream as if nobody had called before: what it makes up is the same again. */
  governedBy<Result>(
    way: Way,
    sdk: Sdk,
    action: (governance: Governance<Client>) => Promise<Result>,
  ): Promise<Result>;
}

/** Sets up for every test of the block that this is called in, and takes down after it. */
export function atUpstream<Sdk, Client>(governable: Governable<Sdk, Client>): AtUpstream<Sdk, Client> {
  let upstream: FakeUpstream;
  let front: Http2Front | undefined;
  let place: Place;
  beforeAll(async () => {
    upstream = await startFakeUpstream({ formats: [governable.format] });
    if (governable.usesHttp2) front = await startHttp2Front(upstream.url);
    place = { url: front?.url ?? upstream.url, apiKey: upstream.apiKey };
  });
  afterAll(async () => {
    await front?.close();
    await upstream.close();
  });
  return {
    get upstream() {
      return upstream;
    },
    governedBy: async (way, sdk, action) => {
      upstream.reset();
      const governance = way(governable, sdk, place);
      try {
        return await action(governance);
      } finally {
        await governance.end();
      }
    },
  };
}
