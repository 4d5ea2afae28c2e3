import { alertsPerMessage } from './message.ts';
import {
  type Delivery,
  type FiringAlert,
  type Notice,
  type Outbox,
  type OutboxBounds,
  usualBounds,
} from './outbox.ts';

interface Kept {
  readonly group: string;
  delivery: Delivery;
}

/** An outbox in memory: what has not arrived is gone with the process. */
export function createMemoryOutbox(bounds: OutboxBounds = {}): Outbox {
  const { capacity, maxDead } = { ...usualBounds, ...bounds };
  let notices: Notice[] = [];
  /** In the order in which they were made. */
  const deliveries = new Map<string, Kept>();
  const firing = new Map<string, FiringAlert>();
  const seen = new Map<string, number>();

  const lane = (channel: string, group: string): string => JSON.stringify([channel, group]);
  /** The oldest message under way of each channel and group. */
  const heads = (): Map<string, Kept> => {
    const first = new Map<string, Kept>();
    for (const kept of deliveries.values()) {
      const of = lane(kept.delivery.channel, kept.group);
      if (kept.delivery.state === 'pending' && !first.has(of)) first.set(of, kept);
    }
    return first;
  };
  const buried = (): Delivery[] =>
    [...deliveries.values()].map(({ delivery }) => delivery).filter(({ state }) => state === 'dead');
  const underWay = (): number => notices.length + deliveries.size - buried().length;
  const change = (id: string, changes: Partial<Delivery>): boolean => {
    const kept = deliveries.get(id);
    if (kept === undefined) return false;
    kept.delivery = { ...kept.delivery, ...changes };
    return true;
  };

  return {
    durable: false,
    add(more, alerts, nowMs) {
      for (const [id, forgetMs] of seen) if (forgetMs <= nowMs) seen.delete(id);
      let [added, duplicates, dropped] = [0, 0, 0];
      for (const notice of more) {
        if (seen.has(notice.id)) duplicates += 1;
        else if (underWay() >= capacity) dropped += 1;
        else {
          added += 1;
          seen.set(notice.id, notice.forgetMs);
          notices.push(notice);
        }
      }
      for (const one of alerts) {
        if (one.alert.status === 'firing') firing.set(one.alert.key, one);
        else firing.delete(one.alert.key);
      }
      return { added, duplicates, dropped };
    },
    form(nowMs, make) {
      const busy = heads();
      const lanes = new Map<string, Notice[]>();
      for (const notice of notices) {
        const of = lane(notice.channel, notice.group);
        if (!busy.has(of)) lanes.set(of, [...(lanes.get(of) ?? []), notice]);
      }
      for (const all of lanes.values()) {
        if (Math.min(...all.map(({ dueMs }) => dueMs)) > nowMs) continue;
        const taken = new Set(all.slice(0, alertsPerMessage));
        const { channel, group } = all[0] as Notice;
        const lasting = [...firing.values()].some((one) => one.group === group);
        const message = make(
          group,
          [...taken].map(({ alert }) => alert),
          lasting,
        );
        const atMs = Date.parse(message.at);
        const times = { attempts: 0, nextMs: atMs, createdMs: atMs };
        deliveries.set(message.id, { group, delivery: { channel, message, state: 'pending', ...times } });
        notices = notices.filter((notice) => !taken.has(notice));
      }
    },
    due: (nowMs, limit) =>
      [...heads().values()]
        .map(({ delivery }) => delivery)
        .filter(({ nextMs }) => nextMs <= nowMs)
        .sort((left, right) => left.nextMs - right.nextMs)
        .slice(0, limit),
    done: (id) => void deliveries.delete(id),
    retry(id, nextMs, lastError) {
      change(id, { nextMs, lastError, attempts: (deliveries.get(id)?.delivery.attempts ?? 0) + 1 });
    },
    bury(id, lastError) {
      const attempts = (deliveries.get(id)?.delivery.attempts ?? 0) + 1;
      change(id, { state: 'dead', lastError, attempts });
      for (const { message } of buried().slice(0, -maxDead)) deliveries.delete(message.id);
    },
    dead: buried,
    resend: (id, nowMs) =>
      deliveries.get(id)?.delivery.state === 'dead' &&
      change(id, { state: 'pending', attempts: 0, nextMs: nowMs }),
    firing: () => [...firing.values()],
    counts: () => {
      const dead = buried().length;
      return { waiting: notices.length, pending: deliveries.size - dead, dead };
    },
    close: () => {},
  };
}
