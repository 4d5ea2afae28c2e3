import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ConfigurationError,
  checkAttribution,
  currentAttribution,
  type GovernorEvent,
  type Session,
  type SessionOptions,
} from '@genops/core';
import type { LimitsInForce } from '../limits-in-force.ts';
import { createSessionNode, type SessionNode } from './session.ts';

/** Knows which session a call belongs to. */
export interface Sessions {
  start(options?: SessionOptions): Session;
  /** Notes what happened to a call on the sessions that it is made in. */
  note(event: GovernorEvent): void;
  /** Keeps the sessions that a call is made in open until it is over. */
  track<Result>(call: Promise<Result>): Promise<Result>;
}

export interface SessionsOptions {
  readonly limits: LimitsInForce;
  /** Looked up when a call is made. */
  readonly fetch: () => typeof globalThis.fetch;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** Sessions of one governor. */
export function createSessions(options: SessionsOptions): Sessions {
  const here = new AsyncLocalStorage<SessionNode>();
  return {
    start: (sessionOptions = {}) => {
      const around = here.getStore();
      const { id, ...own } = sessionOptions;
      if (around === undefined) {
        checkAttribution(sessionOptions.attribution ?? {});
        const sessionId = id ?? currentAttribution().sessionId ?? options.newId();
        return createSessionNode({ ...options, here }, own, { id: sessionId, path: '' }).session;
      }
      if (id !== undefined && id !== around.session.id) {
        const expectation = `expected none, or "${around.session.id}": it is started inside that session, as its step`;
        throw new ConfigurationError('session.id', expectation);
      }
      return around.session.startStep(own);
    },
    note: (event) => {
      for (let node = here.getStore(); node !== undefined; node = node.parent) node.note(event);
    },
    track: (call) => {
      for (let node = here.getStore(); node !== undefined; node = node.parent) node.track(call);
      return call;
    },
  };
}
