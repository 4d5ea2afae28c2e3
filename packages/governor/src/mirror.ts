import { type Refusal, refusalCode } from '@genops/core';
import { inShare } from '@genops/router';
import { attribute, type IdentifiedCall, identify } from './identify.ts';
import type { GovernedRequest, Line, Mirror } from './line.ts';
import { refuse } from './refuse.ts';
import type { Client, Transport } from './transport.ts';

/** Copies of calls that go to other places as well. */
export interface Mirrors {
  /**
   * Sends a copy of a call that is over, where its route wants one. The copy is an operation of its own: it
   * is held on the same limits, and not sent when one of them refuses; it is tried once. Never rejects.
   */
  copy(line: Line, identified: IdentifiedCall, transport: Transport): void;
  /** Stops copies that are under way, and waits until they are settled. */
  close(): Promise<void>;
}

export interface MirrorsOptions {
  /** The line that every call travels. */
  readonly govern: (
    line: Line,
    request: GovernedRequest,
    transport: Transport,
    client: Client,
  ) => Promise<void>;
}

export function createMirrors({ govern }: MirrorsOptions): Mirrors {
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();

  const run = async (
    line: Line,
    copy: GovernedRequest,
    mirror: Mirror,
    transport: Transport,
  ): Promise<void> => {
    const client = nobody(closing.signal);
    if (mirror.slots.free < 1) {
      const identified = attribute(line, identify(line, copy));
      const decision = { verdict: 'allowed' as const, rules: [], limits: [] };
      return refuse(line, identified, decision, busy(mirror), client);
    }
    mirror.slots.free -= 1;
    try {
      await govern(line, copy, transport, client);
    } finally {
      mirror.slots.free += 1;
    }
  };

  return {
    copy(line, { routed, request, call, addressed }, transport) {
      const mirror = routed?.mirror;
      if (mirror === undefined || closing.signal.aborted) return;
      const { name, share, target } = mirror;
      if (!inShare(`mirror ${name}`, share, call.attribution.sessionId ?? call.id)) return;
      const { routing: _routing, ...same } = request;
      const copy: GovernedRequest = {
        ...same,
        targetsFor: () => [target],
        identity: { ...request.identity, tags: { ...request.identity?.tags, mirror: name } },
        mirrored: { name, operationId: call.id, addressed },
      };
      const sent = line.track(run(line, copy, mirror, transport)).catch(line.onError);
      underWay.add(sent);
      void sent.finally(() => underWay.delete(sent));
    },
    async close() {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

/** Takes an answer that nobody waits for. */
function nobody(gone: AbortSignal): Client {
  return {
    gone,
    head: () => undefined,
    write: () => true,
    onDrained: () => undefined,
    end: () => undefined,
  };
}

function busy({ name }: Mirror): Refusal {
  const reasonCode = 'x_mirror_busy';
  return {
    status: 503,
    reasonCode,
    code: refusalCode(reasonCode),
    message: `As many copies for "${name}" as there may be are under way`,
  };
}
