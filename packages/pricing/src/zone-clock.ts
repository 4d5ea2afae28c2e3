/** What a clock and a calendar on the wall show. */
export interface WallClock {
  /** Minutes since midnight. */
  readonly minute: number;
  /** 1 is Monday. */
  readonly isoWeekday: number;
  /** `2026-08-22`. */
  readonly date: string;
}

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const dayMs = 86_400_000;

/**
 * Makes a wall clock for a time zone.
 *
 * @returns what it shows at a moment given in milliseconds since 1970
 */
export function createZoneClock(timeZone: string): (at: number) => WallClock {
  const offsetOf = timeZone === 'UTC' ? () => 0 : createOffset(timeZone);
  return (at) => {
    const local = at + offsetOf(at);
    const day = Math.floor(local / dayMs);
    return {
      minute: Math.floor((local - day * dayMs) / minuteMs),
      // 1970-01-01 was a Thursday.
      isoWeekday: ((((day + 3) % 7) + 7) % 7) + 1,
      date: new Date(local).toISOString().slice(0, 10),
    };
  };
}

/** Milliseconds to add to UTC. Offsets change on quarters of an hour only, so the last answer is kept. */
function createOffset(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  let lastQuarter = Number.NaN;
  let offset = 0;
  return (at) => {
    const quarter = Math.floor(at / quarterMs);
    if (quarter !== lastQuarter) {
      const part: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(quarter * quarterMs)) part[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = part;
      offset = Date.UTC(year, month - 1, day, hour, minute) - quarter * quarterMs;
      lastQuarter = quarter;
    }
    return offset;
  };
}
