import type { ServerResponse } from 'node:http';
import type { AppOptions } from '../app.ts';
import { sendJson } from '../send.ts';

/** Alive: this process answers. Depends on nothing else. */
export function answerHealth(response: ServerResponse): void {
  sendJson(response, 200, { status: 'ok' });
}

/**
 * Ready: the ledger answers, and the proxy is not on its way out. Says too whether the newest configuration
 * is in force, which takes nothing away from being ready: the one before it is.
 */
export function answerReadiness(response: ServerResponse, options: AppOptions): void {
  const ledger = options.ledgerAvailable() ? 'ok' : 'unavailable';
  const accepting = options.accepting();
  const ready = accepting && ledger === 'ok';
  sendJson(response, ready ? 200 : 503, {
    status: ready ? 'ready' : 'not ready',
    ledger,
    accepting,
    configuration: options.configuration().rejected === undefined ? 'current' : 'rejected',
  });
}
