import { announceSettled } from './announce.ts';
import { correct } from './correct.ts';
import { decide } from './decide.ts';
import { deliver } from './deliver.ts';
import { estimate } from './estimate.ts';
import { attribute, identify } from './identify.ts';
import type { GovernedRequest, Line } from './line.ts';
import { isItinerary, plan } from './plan.ts';
import { noRoute, refuse, refuseInvalid } from './refuse.ts';
import { reserve } from './reserve.ts';
import { stopwatch } from './stopwatch.ts';
import type { Client, Transport } from './transport.ts';
import { travel } from './travel.ts';

/**
 * The path of a call, whichever way it came in and however its bytes travel. Nothing reaches the provider
 * before the most that it can cost is held; whatever happens after that, each hold is ended once.
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
  const lap = stopwatch();
  const verdict = decide(line, identified, candidates);
  const decisionMs = lap();
  const planned = plan(line, identified, verdict);
  const stages = { decisionMs, routingMs: lap() };
  if (!isItinerary(planned)) {
    const refusal = verdict.refusal ?? noRoute(planned, line.now());
    return refuse(line, identified, { ...verdict.decision, routing: planned }, refusal, client, stages);
  }

  const reserved = await reserve(line, identified, verdict, planned);
  if (reserved.result === 'refused')
    return refuse(line, identified, reserved.decision, reserved.refusal, client, stages);
  const { hold } = reserved;

  // Each attempt is metered, priced and settled before the next one begins.
  const { counts, legs } = await travel(line, { identified, itinerary: planned, hold, transport, client });

  deliver(client, identified, counts);
  for (const leg of legs) {
    announceSettled(line, identified, leg, { stages, answered: leg === counts });
    void correct(line, { ...leg, identified, transport });
  }
  line.mirrors.copy(line, identified, transport);
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
