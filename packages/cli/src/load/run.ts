import { Agent } from 'undici';
import { bodyOf, type LoadPlan } from './plan.ts';
import { type Measured, send } from './send.ts';

/** All that a test measured. */
export interface LoadResult {
  readonly measured: readonly Measured[];
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** Requests that were planned and not begun: the time was over. */
  readonly notBegun: number;
}

/**
 * Runs a plan. With a rate, a request's time counts from when it was due, also when it had to wait for room: a
 * slow server does not make its own measurement better.
 */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const { requests, seconds, concurrency, rate, streamShare } = plan;
  const agent = new Agent({ connections: concurrency, pipelining: 1 });
  const bodies = { whole: bodyOf(plan, false), streamed: bodyOf(plan, true) };
  const measured: Measured[] = [];
  const beginMs = performance.now();
  const endMs = beginMs + seconds * 1000;
  let next = 0;

  const worker = async (): Promise<void> => {
    while (next < requests && performance.now() < endMs) {
      const index = next++;
      let sinceMs = performance.now();
      if (rate !== undefined) {
        const dueMs = beginMs + (index / rate) * 1000;
        if (dueMs >= endMs) return;
        await untilMs(dueMs);
        sinceMs = dueMs;
      }
      const stream = isStreamed(index, streamShare);
      measured.push(await send(agent, plan, stream, sinceMs, stream ? bodies.streamed : bodies.whole));
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, requests) }, worker));
    return {
      measured,
      seconds: (performance.now() - beginMs) / 1000,
      notBegun: requests - measured.length,
    };
  } finally {
    await agent.close();
  }
}

/** Spreads the share evenly over the run, whatever its length. */
function isStreamed(index: number, share: number): boolean {
  return Math.floor((index + 1) * share) > Math.floor(index * share);
}

async function untilMs(dueMs: number): Promise<void> {
  const waitMs = dueMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
