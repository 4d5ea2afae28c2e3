import type { ServerResponse } from 'node:http';
import type { AppOptions } from '../app.ts';
import { sendJson } from '../send.ts';

/** Alive: this process answers. Depends on nothing else. */
export function answerHealth(response: ServerResponse): void {
  sendJson(response, 200, { status: 'ok' });
}

/** Ready: the ledger answers, and the proxy is not on its way out. */
export async function answerReadiness(response: ServerResponse, options: AppOptions): Promise<void> {
  const ledger = await options.governor.ledger.states([]).then(
    () => 'ok' as const,
    () => 'unavailable' as const,
  );
  const accepting = options.accepting();
  const ready = accepting && ledger === 'ok';
  sendJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', ledger, accepting });
}
