/** Which route a session was served by last, so that it stays where its prompt is cached. */
export interface StickySessions {
  find(sessionId: string, nowMs: number): StickyRoute | undefined;
  remember(sessionId: string, route: StickyRoute, nowMs: number): void;
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
}

export function createStickySessions({
  lastsMs = 600_000,
  sessions = 10_000,
}: StickyOptions = {}): StickySessions {
  const routes = new Map<string, { readonly route: StickyRoute; readonly untilMs: number }>();
  return {
    find(sessionId, nowMs) {
      const found = routes.get(sessionId);
      return found !== undefined && nowMs < found.untilMs ? found.route : undefined;
    },
    remember(sessionId, route, nowMs) {
      routes.delete(sessionId);
      routes.set(sessionId, { route, untilMs: nowMs + lastsMs });
      if (routes.size <= sessions) return;
      const oldest = routes.keys().next();
      if (!oldest.done) routes.delete(oldest.value);
    },
  };
}
