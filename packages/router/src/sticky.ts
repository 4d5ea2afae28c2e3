import type { SessionFact } from './state/facts.ts';

/** Which route a session was served by last, so that it stays where its prompt is cached. */
export interface StickySessions {
  find(sessionId: string, nowMs: number): StickyRoute | undefined;
  remember(sessionId: string, route: StickyRoute, nowMs: number): void;
  /** Those used last, for other replicas. */
  facts(nowMs: number): readonly SessionFact[];
  /** Takes over what another replica saw later than this one. */
  merge(facts: readonly SessionFact[], nowMs: number): void;
}

export interface StickyRoute {
  readonly targetId: string;
  readonly keyId?: string;
}

export interface StickyOptions {
  /** @default 600_000 */
  readonly lastsMs?: number;
  /** The most sessions remembered; those unused longest go first. @default 10_000 */
  readonly sessions?: number;
  /** The most sessions that other replicas are told of at a time, those used last. @default 1_000 */
  readonly shared?: number;
}

export function createStickySessions({
  lastsMs = 600_000,
  sessions = 10_000,
  shared = 1_000,
}: StickyOptions = {}): StickySessions {
  const routes = new Map<string, { readonly route: StickyRoute; readonly atMs: number }>();
  const put = (sessionId: string, route: StickyRoute, atMs: number): void => {
    routes.delete(sessionId);
    routes.set(sessionId, { route, atMs });
    if (routes.size <= sessions) return;
    const oldest = routes.keys().next();
    if (!oldest.done) routes.delete(oldest.value);
  };
  return {
    find(sessionId, nowMs) {
      const found = routes.get(sessionId);
      return found !== undefined && nowMs < found.atMs + lastsMs ? found.route : undefined;
    },
    remember: put,
    facts: (nowMs) =>
      [...routes]
        .slice(Math.max(0, routes.size - shared))
        .filter(([, { atMs }]) => nowMs < atMs + lastsMs)
        .map(([sessionId, { route, atMs }]) => ({ sessionId, ...route, atMs })),
    merge(facts, nowMs) {
      for (const { sessionId, targetId, keyId, atMs } of facts) {
        const known = routes.get(sessionId);
        if (nowMs >= atMs + lastsMs || (known !== undefined && known.atMs >= atMs)) continue;
        put(sessionId, { targetId, ...(keyId !== undefined && { keyId }) }, atMs);
      }
    },
  };
}
