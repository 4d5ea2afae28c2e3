import { announceSettled } from './announce.ts';
import { attempt } from './attempt.ts';
import { correct } from './correct.ts';
import { decide } from './decide.ts';
import { deliver, holdHeaders } from './deliver.ts';
import { estimate } from './estimate.ts';
import { attribute, identify } from './identify.ts';
import type { GovernedRequest, Line } from './line.ts';
import { meter } from './meter.ts';
import { plan } from './plan.ts';
import { price } from './price.ts';
import { refuse, refuseInvalid } from './refuse.ts';
import { reserve } from './reserve.ts';
import { settle } from './settle.ts';
import type { Client, Transport } from './transport.ts';

/**
 * The path of a call, whichever way it came in and however its bytes travel. Nothing reaches the provider
 * before the most that it can cost is held; whatever happens after that, the hold is ended once.
 */
export async function govern(
  line: Line,
  request: GovernedRequest,
  transport: Transport,
  client: Client,
): Promise<void> {
  const identified = attributed(line, request, client);
  if (identified === undefined) return;

  const candidates = estimate(line, identified);
  const verdict = decide(line, identified, candidates);
  if (verdict.refusal !== undefined)
    return refuse(line, identified, verdict.decision, verdict.refusal, client);

  const planned = plan(identified, candidates);
  const reserved = await reserve(line, identified, verdict, planned);
  if (reserved.result === 'refused')
    return refuse(line, identified, reserved.decision, reserved.refusal, client);
  const { hold } = reserved;

  const headers = holdHeaders(identified, hold);
  const attempted = await attempt({
    plan: planned,
    identified,
    transport,
    client,
    limits: line.options,
    headers,
  });
  const metered = meter(identified, planned, attempted);
  const cost = price(line, identified, planned, hold.at, metered);
  const settled = await settle(line, { identified, plan: planned, hold, attempt: attempted, metered, cost });

  deliver(client, identified, hold, attempted, cost, settled);
  announceSettled(line, identified, settled);
  void correct(line, { identified, plan: planned, attempt: attempted, metered, settled, transport });
}

/** A request that nobody could serve is answered here: it has no model, so there is nothing to record. */
function attributed(
  line: Line,
  request: GovernedRequest,
  client: Client,
): ReturnType<typeof attribute> | undefined {
  try {
    return attribute(line, identify(line, request));
  } catch (error) {
    refuseInvalid(request, error, client);
    return undefined;
  }
}
