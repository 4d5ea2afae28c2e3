import { type Channel, DeliveryError } from '../channels/channel.ts';
import { plain } from '../text/plain.ts';
import { type BackOffOptions, backOffMs } from './back-off.ts';
import type { Delivery, MakeMessage, Outbox } from './outbox.ts';

export interface DeliveryOptions {
  /** Messages under way at the same time, one for each channel and group. @default 4 */
  readonly maxInFlight?: number;
  /** Of one try. @default 10_000 */
  readonly timeoutMs?: number;
  /** After so many tries a message is given up. @default 10 */
  readonly maxAttempts?: number;
  readonly backOff?: BackOffOptions;
}

export interface DispatcherOptions extends DeliveryOptions {
  readonly outbox: Outbox;
  readonly channels: readonly Channel[];
  readonly makeMessage: MakeMessage;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Takes what went wrong for good. Never throws. */
  readonly onError: (error: unknown) => void;
}

/** Brings what is in the outbox to where it belongs. */
export interface Dispatcher {
  /** Starts what may be tried now. Returns at once. */
  pump(): void;
  /** Sends what waits without waiting for more, and ends when all has arrived or the time is over. */
  drain(graceMs: number): Promise<void>;
  readonly stats: DispatcherStats;
}

export interface DispatcherStats {
  readonly delivered: number;
  /** Tries that failed. */
  readonly failedAttempts: number;
  readonly inFlight: number;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { outbox, makeMessage, nowMs, random, onError } = options;
  const { maxInFlight = 4, timeoutMs = 10_000, maxAttempts = 10 } = options;
  const channels = new Map(options.channels.map((channel) => [channel.id, channel]));
  const inFlight = new Map<string, Promise<void>>();
  let delivered = 0;
  let failedAttempts = 0;
  let closed = false;

  const attempt = async ({ channel: id, message, attempts }: Delivery): Promise<void> => {
    const tries = attempts + 1;
    try {
      const channel = channels.get(id);
      if (channel === undefined)
        throw new DeliveryError(`No channel is called "${id}" any more`, { permanent: true });
      await sendInTime(channel, message, timeoutMs, new Date(nowMs()));
      // After the grace nobody can be told that it arrived: it will be sent again, under the same id.
      if (closed) return;
      outbox.done(message.id);
      delivered += 1;
    } catch (error) {
      if (closed) return;
      failedAttempts += 1;
      const why = plain(error instanceof Error ? error.message : String(error), 500);
      const { permanent = false, retryAfterMs } = error instanceof DeliveryError ? error : {};
      if (!permanent && tries < maxAttempts) {
        outbox.retry(message.id, nowMs() + backOffMs(tries, random(), retryAfterMs, options.backOff), why);
        return;
      }
      outbox.bury(message.id, why);
      const times = tries === 1 ? 'one try' : `${tries} tries`;
      onError(
        new DeliveryError(`Alert message ${message.id} is given up after ${times}: ${why}`, {
          permanent: true,
        }),
      );
    }
  };

  const pump = (): void => {
    if (closed) return;
    outbox.form(nowMs(), makeMessage);
    // One that is under way is still the first of its group; what is behind it waits.
    for (const delivery of outbox.due(nowMs(), maxInFlight + inFlight.size)) {
      const { id } = delivery.message;
      if (inFlight.size >= maxInFlight) break;
      if (inFlight.has(id)) continue;
      const ended = attempt(delivery)
        .catch(onError)
        .then(() => {
          inFlight.delete(id);
          if (!closed) guarded(pump, onError);
        });
      inFlight.set(id, ended);
    }
  };

  return {
    pump: () => guarded(pump, onError),
    async drain(graceMs) {
      const until = performance.now() + graceMs;
      const left = (): number => until - performance.now();
      do {
        guarded(() => {
          outbox.form(Number.MAX_SAFE_INTEGER, makeMessage);
          pump();
        }, onError);
        // What has to wait longer than the grace is not waited for.
        if (inFlight.size === 0 && outbox.due(nowMs() + Math.max(0, left()), 1).length === 0) break;
        await Promise.race([...inFlight.values(), pause(Math.max(0, Math.min(50, left())))]);
      } while (left() > 0);
      closed = true;
    },
    get stats() {
      return { delivered, failedAttempts, inFlight: inFlight.size };
    },
  };
}

/** A channel that does not heed its signal is not waited for either. */
async function sendInTime(
  channel: Channel,
  message: Delivery['message'],
  timeoutMs: number,
  at: Date,
): Promise<void> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new DeliveryError(`Channel "${channel.id}" took longer than ${timeoutMs} ms`, { permanent: false }),
      );
      controller.abort();
    }, timeoutMs);
  });
  try {
    await Promise.race([channel.send(message, { signal: controller.signal, at }), late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function guarded(action: () => void, onError: (error: unknown) => void): void {
  try {
    action();
  } catch (error) {
    onError(error);
  }
}
