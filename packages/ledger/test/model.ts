// An independent model of the ledger: everything that ever happened in a list, and every question answered by
// going through the list again. It shares no code with the ledger, and counts in whole sub-units of 10⁻¹².

/** What a limit of the model can be. All amounts in sub-units. */
export interface ModelLimit {
  readonly id: string;
  readonly unit: 'money' | 'requests' | 'concurrency';
  readonly mode: 'enforced' | 'advisory';
  readonly window:
    | { readonly kind: 'every'; readonly ms: number }
    | { readonly kind: 'rolling'; readonly ms: number; readonly stepMs: number }
    | { readonly kind: 'ever' };
  readonly overdraft: bigint;
  readonly rollOverUpTo: bigint;
  readonly thresholds: readonly number[];
}

export interface ModelDraw {
  readonly limit: ModelLimit;
  readonly bucket: string;
  readonly capacity: bigint;
  readonly amount: bigint;
}

interface Counted {
  readonly draw: ModelDraw;
  readonly settled: bigint;
}

interface Attempt {
  readonly id: string;
  readonly at: number;
  readonly expiresAt: number;
  readonly draws: readonly ModelDraw[];
  end: 'live' | 'settled' | 'released' | 'expired';
  late: boolean;
  counted: readonly Counted[];
  /** What was said of its end; any other word is a conflict. */
  reported: string;
}

export type ModelReply = Readonly<Record<string, unknown>>;

export interface Model {
  readonly reserve: (now: number, id: string, draws: readonly ModelDraw[], expiresInMs: number) => ModelReply;
  readonly settle: (now: number, id: string, amounts: readonly bigint[]) => ModelReply;
  readonly release: (now: number, id: string) => ModelReply;
  readonly expire: (now: number) => number;
  /** Ids of entries in the order in which they were written. */
  readonly entries: () => readonly string[];
  /** Sum of everything settled in money, as the entries say. */
  readonly spent: () => bigint;
}

export function createModel(): Model {
  const attempts = new Map<string, Attempt>();
  const written: string[] = [];
  const tellings: { limit: string; bucket: string; threshold: number; when: number }[] = [];
  let spent = 0n;

  function sweep(now: number): number {
    const due = [...attempts.values()]
      .filter(({ end, expiresAt }) => end === 'live' && expiresAt <= now)
      .sort((left, right) => left.expiresAt - right.expiresAt || (left.id < right.id ? -1 : 1));
    for (const attempt of due) {
      attempt.end = 'expired';
      attempt.counted = attempt.draws.map((draw) => ({ draw, settled: 0n }));
      written.push(attempt.id);
    }
    return due.length;
  }

  /** Everything that counts on a limit and was admitted in a stretch of time. */
  function used(
    { limit, bucket }: ModelDraw,
    from: number,
    until: number,
  ): { settled: bigint; held: bigint } {
    let settled = 0n;
    let held = 0n;
    for (const attempt of attempts.values()) {
      if (attempt.at < from || attempt.at >= until) continue;
      const same = (draw: ModelDraw): boolean => draw.limit.id === limit.id && draw.bucket === bucket;
      if (attempt.end === 'live') {
        for (const draw of attempt.draws) if (same(draw)) held += draw.amount;
      }
      for (const counted of attempt.counted) if (same(counted.draw)) settled += counted.settled;
    }
    return { settled, held };
  }

  function spanOf({ window }: ModelLimit, at: number, now: number): readonly [from: number, until: number] {
    switch (window.kind) {
      case 'ever':
        return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      case 'every': {
        const from = Math.floor(at / window.ms) * window.ms;
        return [from, from + window.ms];
      }
      case 'rolling': {
        // A step is forgotten when the last moment in it lies outside the window.
        const from = Math.floor((now - window.ms) / window.stepMs) * window.stepMs;
        return [from, Number.POSITIVE_INFINITY];
      }
    }
  }

  function firstDraw({ limit, bucket }: ModelDraw): number {
    const times = [...attempts.values()]
      .filter(({ draws }) => draws.some((draw) => draw.limit.id === limit.id && draw.bucket === bucket))
      .map(({ at }) => at);
    return Math.min(...times);
  }

  function state(draw: ModelDraw, at: number, now: number) {
    const { limit } = draw;
    const [from, until] = spanOf(limit, at, now);
    const { settled, held } = used(draw, from, until);
    let amount = draw.capacity;
    if (limit.rollOverUpTo > 0n && limit.window.kind === 'every' && firstDraw(draw) < from) {
      const before = used(draw, from - limit.window.ms, from);
      const left = draw.capacity - before.settled - before.held;
      if (left > 0n) amount += smaller(left, limit.rollOverUpTo);
    }
    return { id: limit.id, bucket: draw.bucket, amount, settled, held, available: amount - settled - held };
  }

  /** A threshold is told when it is reached and neither it nor a higher one was told in the window. */
  function thresholds(draws: readonly ModelDraw[], at: number, now: number): string[] {
    return draws.flatMap((draw) => {
      const { limit, bucket } = draw;
      const [from, until] = spanOf(limit, at, now);
      const { amount, settled, held } = state(draw, at, now);
      const usedUp = limit.unit === 'concurrency' ? held : settled;
      const inWindow = tellings.filter(
        (told) => told.limit === limit.id && told.bucket === bucket && told.when >= from && told.when < until,
      );
      const crossed = limit.thresholds.filter(
        (threshold) =>
          amount > 0n &&
          usedUp * 100n >= amount * BigInt(threshold) &&
          !inWindow.some((told) => told.threshold >= threshold),
      );
      const when = limit.window.kind === 'rolling' ? now : at;
      for (const threshold of crossed) tellings.push({ limit: limit.id, bucket, threshold, when });
      return crossed.map((threshold) => `${limit.id}@${threshold}`);
    });
  }

  function reserve(now: number, id: string, draws: readonly ModelDraw[], expiresInMs: number): ModelReply {
    sweep(now);
    const known = attempts.get(id);
    if (known !== undefined) {
      if (known.end !== 'live') return { result: 'conflict', endedAs: known.end };
      const same =
        known.expiresAt - known.at === expiresInMs &&
        known.draws.length === draws.length &&
        known.draws.every(
          (draw, index) =>
            draw.limit.id === draws[index]?.limit.id &&
            draw.bucket === draws[index]?.bucket &&
            draw.amount === draws[index]?.amount,
        );
      if (!same) return { result: 'conflict', endedAs: undefined };
      return held(known, now, []);
    }
    const states = draws.map((draw) => state(draw, now, now));
    const exceeded: string[] = [];
    let binding: { readonly id: string; readonly wait: number } | undefined;
    draws.forEach((draw, index) => {
      const missing = draw.amount - (states[index]?.available ?? 0n);
      if (missing <= 0n) return;
      if (draw.limit.mode === 'advisory' || missing <= draw.limit.overdraft) {
        exceeded.push(draw.limit.id);
        return;
      }
      const wait = waitFor(draw, now);
      if (binding === undefined || wait > binding.wait) binding = { id: draw.limit.id, wait };
    });
    if (binding !== undefined) {
      return { result: 'refused', binding: binding.id, wait: binding.wait, states };
    }
    const attempt: Attempt = {
      id,
      at: now,
      expiresAt: now + expiresInMs,
      draws,
      end: 'live',
      late: false,
      counted: [],
      reported: '',
    };
    attempts.set(id, attempt);
    return held(attempt, now, exceeded);
  }

  function held(attempt: Attempt, now: number, exceeded: readonly string[]): ModelReply {
    return {
      result: 'held',
      at: attempt.at,
      expiresAt: attempt.expiresAt,
      exceeded,
      thresholds: thresholds(attempt.draws, attempt.at, now),
      states: attempt.draws.map((draw) => state(draw, attempt.at, now)),
    };
  }

  /** Tries every moment at which something could have changed by itself. */
  function waitFor(draw: ModelDraw, now: number): number {
    const { limit } = draw;
    const { window } = limit;
    if (limit.unit === 'concurrency' || window.kind === 'ever') return Number.POSITIVE_INFINITY;
    if (draw.amount > draw.capacity + limit.overdraft) return Number.POSITIVE_INFINITY;
    if (window.kind === 'every') return spanOf(limit, now, now)[1] - now;
    const moments = [...attempts.values()]
      .map(({ at }) => Math.floor(at / window.stepMs) * window.stepMs + window.stepMs + window.ms)
      .filter((moment) => moment > now)
      .sort((left, right) => left - right);
    const fits = moments.find((moment) => {
      const { settled, held: still } = used(
        draw,
        Math.floor((moment - window.ms) / window.stepMs) * window.stepMs,
        Number.POSITIVE_INFINITY,
      );
      return settled + still + draw.amount <= draw.capacity + limit.overdraft;
    });
    return fits === undefined ? Number.POSITIVE_INFINITY : fits - now;
  }

  function settle(now: number, id: string, amounts: readonly bigint[]): ModelReply {
    sweep(now);
    const attempt = attempts.get(id);
    if (attempt === undefined) return { result: 'unknown_hold' };
    const counted = attempt.draws.map((draw, index) => ({
      draw,
      settled: draw.limit.unit === 'concurrency' ? 0n : (amounts[index] ?? 0n),
    }));
    if (attempt.end === 'settled' || attempt.late) {
      return attempt.reported === amounts.join()
        ? recorded(attempt, now)
        : { result: 'conflict', endedAs: 'settled' };
    }
    if (attempt.end === 'released') return { result: 'conflict', endedAs: 'released' };
    const late = attempt.end === 'expired';
    attempt.counted = counted;
    attempt.reported = amounts.join();
    attempt.late = late;
    if (!late) attempt.end = 'settled';
    written.push(late ? `${id}:late` : id);
    spent += amounts[0] ?? 0n;
    return recorded(attempt, now);
  }

  function recorded(attempt: Attempt, now: number): ModelReply {
    const over = attempt.counted.some(
      ({ draw, settled }) => draw.limit.unit !== 'concurrency' && settled > draw.amount,
    );
    return {
      result: 'recorded',
      kind: attempt.late ? 'settled' : attempt.end,
      flags: attempt.late ? ['late_settlement'] : over ? ['over_hold'] : [],
      thresholds: thresholds(attempt.draws, attempt.at, now),
      states: attempt.draws.map((draw) => state(draw, attempt.at, now)),
    };
  }

  function release(now: number, id: string): ModelReply {
    sweep(now);
    const attempt = attempts.get(id);
    if (attempt === undefined) return { result: 'unknown_hold' };
    if (attempt.end === 'live') {
      attempt.end = 'released';
      attempt.counted = attempt.draws.map((draw) => ({ draw, settled: 0n }));
      written.push(id);
    } else if (attempt.end !== 'released') {
      return { result: 'conflict', endedAs: attempt.end };
    }
    return recorded(attempt, now);
  }

  return { reserve, settle, release, expire: sweep, entries: () => written, spent: () => spent };
}

function smaller(left: bigint, right: bigint): bigint {
  if (left > right) return right;
  return left;
}
