import type { Headers } from '@genops/governor';
import type { ConfiguredProvider } from '../app.ts';
import type { Serving } from '../serving.ts';

/** What a request that is no call goes out with. */
export interface PassKey {
  readonly apiKey?: { readonly secret: string };
  /** Tells a key of the pool how it went. */
  answered(status: number, headers: Headers): void;
  /** No answer came, which says nothing about a key. */
  unanswered(): void;
}

const ofNoPool = { answered: () => {}, unanswered: () => {} };

/** The provider's one key, or a good one of its pool; `none` when all of those are out. */
export function passKey(
  { governor }: Serving,
  { provider, apiKey }: ConfiguredProvider,
  model: string | undefined,
  team: string | undefined,
): PassKey | 'none' {
  const { keys } = governor.router;
  if (apiKey !== undefined) return { ...ofNoPool, apiKey };
  if (!keys.knows(provider.id)) return ofNoPool;
  const lease = keys.leaseFirst({
    provider: provider.id,
    ...(model !== undefined && { model }),
    ...(team !== undefined && { team }),
  });
  if (lease === undefined) return 'none';
  const said = () => void lease.end({ result: 'neutral' });
  return {
    apiKey: { secret: lease.secret() },
    answered: (status, headers) => {
      if (status !== 401) return said();
      const refused = {
        blamed: true,
        account: false,
        effect: 'invalidate',
        trigger: 'unauthorized',
      } as const;
      lease.end({ result: 'failed', ...refused, headers });
    },
    unanswered: said,
  };
}
