import type { LimitState } from '@genops/core';
import type { AdmittedInAdvance } from '../../book/hold.ts';
import { sameContent } from '../../entry.ts';
import type { ReserveRequest, ReserveResult } from '../../ledger.ts';
import type { Operation, Queue } from '../queue.ts';
import type { Lease } from './lease.ts';
import type { LeasedAccounts } from './leased-accounts.ts';

/** A call that was admitted here and is on its way into the store. */
export interface OnItsWay {
  readonly call: AdmittedInAdvance;
  readonly reply: ReserveResult;
  readonly givesUpAt: number;
}

/** The calls that were admitted here and are not in the store yet. */
export interface CallsOnTheirWay {
  readonly get: (id: string) => OnItsWay | undefined;
  /** Sends a call into the store, however often that has to be tried. */
  readonly send: (call: AdmittedInAdvance, reply: ReserveResult) => void;
  /** It has arrived, with something else. */
  readonly arrived: (id: string) => void;
  /** Those that were admitted on one of the leases. */
  readonly on: (leases: readonly Lease[]) => AdmittedInAdvance[];
  /** An operation that comes after the holds of these calls, in the same step. */
  readonly after: <Result>(
    calls: readonly AdmittedInAdvance[],
    operation: Operation<Result>,
  ) => Operation<Result>;
}

/** How long after a failure the store is tried again. */
export const pauseMs = 250;

export function createCallsOnTheirWay({
  run,
  accounts,
  isClosed,
}: {
  readonly run: Queue['run'];
  readonly accounts: LeasedAccounts;
  readonly isClosed: () => boolean;
}): CallsOnTheirWay {
  const onTheirWay = new Map<string, OnItsWay>();

  const after: CallsOnTheirWay['after'] = (calls, operation) => ({
    ...operation,
    apply: (book) => {
      for (const call of calls) book.adopt(call);
      return operation.apply(book);
    },
    ids: [...operation.ids, ...calls.flatMap(idsOf)],
    accounts: [...operation.accounts, ...calls.flatMap(({ request }) => accounts.namesOf(request.draws))],
  });

  async function follow(id: string): Promise<void> {
    for (;;) {
      const way = onTheirWay.get(id);
      if (way === undefined) return;
      const { draws } = way.call.request;
      try {
        const look: Operation<LimitState[]> = {
          apply: (book) => book.states(draws),
          ids: [],
          accounts: [],
          newId: id,
        };
        accounts.heard(draws, await run(after([way.call], look)));
        onTheirWay.delete(id);
      } catch {
        if (isClosed() || performance.now() > way.givesUpAt) return;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  return {
    get: (id) => onTheirWay.get(id),
    send: (call, reply) => {
      const { id, expiresInMs } = call.request;
      onTheirWay.set(id, { call, reply, givesUpAt: performance.now() + expiresInMs });
      void follow(id);
    },
    arrived: (id) => {
      onTheirWay.delete(id);
    },
    on: (leases) =>
      [...onTheirWay.values()]
        .map(({ call }) => call)
        .filter(({ from }) => leases.some(({ id }) => from.includes(id))),
    after,
  };
}

/** What a call that is on its way is told when it comes again. */
export function repeated({ call, reply }: OnItsWay, request: ReserveRequest): ReserveResult {
  if (sameContent(contentOf(call.request), contentOf(request))) return reply;
  return { result: 'conflict', message: `Hold "${request.id}" exists with other content` };
}

function idsOf({ request, from }: AdmittedInAdvance): string[] {
  return [request.id, ...from.filter((id) => id !== undefined)];
}

/** What makes two requests the same one: limits are told apart by their names. */
function contentOf({ draws, ...request }: ReserveRequest): unknown {
  return {
    ...request,
    draws: draws.map(({ limit, bucket, amount, minimum }) => [
      limit.id,
      bucket,
      amount.toFixed(),
      minimum?.toFixed(),
    ]),
  };
}
