import {
  type Decision,
  freeCost,
  hasErrorCode,
  isGenOpsError,
  type LedgerEntry,
  money,
  type Refusal,
  type Routing,
  refusalCode,
  type StageTiming,
  type WireError,
} from '@genops/core';
import type { IdentifiedCall } from './identify.ts';
import type { GovernedRequest, Line } from './line.ts';
import { refusedAs } from './reserve.ts';
import type { Client, Headers } from './transport.ts';

const nothing = freeCost(money('0'));

/** Answers a call that is not admitted, in its own dialect, after the refusal is recorded. */
export async function refuse(
  line: Line,
  identified: IdentifiedCall,
  decision: Decision,
  refusal: Refusal,
  client: Client,
  timing?: StageTiming,
): Promise<void> {
  const { call, request } = identified;
  const entry: LedgerEntry = {
    id: `${call.id}.0`,
    operationId: call.id,
    attempt: 0,
    kind: 'refused',
    at: call.at,
    endedAt: call.at,
    provider: call.provider,
    operation: call.operation,
    requestModel: call.requestModel,
    stream: call.stream,
    attribution: call.attribution,
    decision: { ...decision, ...refusedAs(refusal) },
    cost: nothing,
    outcome: 'failed',
  };
  try {
    await line.ledger.record(entry);
  } catch (error) {
    line.onError(error);
  }
  answer(client, refusal.status, request.dialect.renderError(refusalError(refusal)), {
    'x-genops-request-id': call.id,
    'x-genops-reason': refusal.reasonCode,
    ...(refusal.retryAfterSeconds !== undefined && { 'retry-after': String(refusal.retryAfterSeconds) }),
  });
  line.announce({ kind: 'refused', call, refusal, entry, ...(timing !== undefined && { timing }) });
}

/** Nothing that could serve the call may do so now. */
export function noRoute({ candidates, retryAt }: Routing, now: Date): Refusal {
  const reasons = candidates.map(({ targetId, reason }) => `${targetId}: ${reason}`).join('; ');
  const waitMs = retryAt === undefined ? undefined : Date.parse(retryAt) - now.getTime();
  return {
    status: 503,
    reasonCode: 'x_no_route',
    code: refusalCode('x_no_route'),
    message: `No route is open for this call (${reasons})`,
    retryAfterSeconds: waitMs === undefined ? 5 : Math.max(1, Math.ceil(waitMs / 1000)),
  };
}

/** Answers a request that no provider could serve. */
export function refuseInvalid(request: GovernedRequest, error: unknown, client: Client): void {
  if (!isGenOpsError(error)) throw error;
  const parameter = hasErrorCode(error, 'invalid_request') ? error.parameter : undefined;
  const wire: WireError = {
    status: 400,
    type: 'invalid_request_error',
    code: error.code,
    message: error.message,
    ...(parameter !== undefined && { parameter }),
  };
  answer(client, wire.status, request.dialect.renderError(wire), { 'x-genops-reason': 'x_invalid_request' });
}

/** A refusal is final: whoever sends it again gets it again. */
function answer(client: Client, status: number, body: Uint8Array, headers: Headers): void {
  if (client.gone.aborted) return;
  client.head(status, { 'content-type': 'application/json', 'x-should-retry': 'false', ...headers });
  client.write(body);
  client.end();
}

function refusalError(refusal: Refusal): WireError {
  const { limit, needed, remedy } = refusal;
  return {
    status: refusal.status,
    type: typeOf(refusal),
    code: refusal.code,
    message: remedy === undefined ? refusal.message : `${refusal.message}. ${remedy}.`,
    ...(refusal.code === 'unpriced_model' && { parameter: 'model' }),
    details: {
      reason_code: refusal.reasonCode,
      ...(remedy !== undefined && { remedy }),
      ...(limit !== undefined && {
        limit: {
          id: limit.limitId,
          unit: limit.unit,
          amount: limit.amount,
          spent: limit.settled,
          held: limit.held,
          available: limit.available,
          ...(limit.currency !== undefined && { currency: limit.currency }),
          ...(limit.bucket !== '' && { bucket: limit.bucket }),
          ...(limit.resetsAt !== undefined && { resets_at: limit.resetsAt }),
        },
      }),
      ...(needed !== undefined && { needed }),
    },
  };
}

function typeOf(refusal: Refusal): string {
  if (refusal.status === 503) return 'api_error';
  if (refusal.status === 400) return 'invalid_request_error';
  if (refusal.status === 403) return 'permission_error';
  return refusal.reasonCode === 'RATE_LIMITED' ? 'rate_limit_error' : 'insufficient_quota';
}
