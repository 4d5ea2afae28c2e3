import { describe, expect, it, vi } from 'vitest';
import { createBook } from './book/book.ts';
import type { RecordedEntry } from './book/journal.ts';
import { createClock } from './clock.ts';
import { budget, draw, reserveRequest, startOfTest } from './testing/samples.ts';

const hourMs = 3_600_000;

describe('createClock', () => {
  it('runs on evenly when somebody sets the time of day', () => {
    const clock = createClock(undefined);
    const before = clock();
    const dateNow = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => dateNow() + 2 * hourMs);
    const after = clock();
    expect(after.wall - before.wall).toBeGreaterThanOrEqual(2 * hourMs);
    expect(after.steady - before.steady).toBeLessThan(hourMs);
  });

  it('never goes back, also when the clock that it was given does', () => {
    let time = 1000;
    const clock = createClock(() => new Date(time));
    expect(clock()).toEqual({ wall: 1000, steady: 1000 });
    time = 500;
    expect(clock()).toEqual({ wall: 500, steady: 1000 });
  });
});

describe('a book whose time of day is set', () => {
  function bookWithClocks() {
    const moment = { wall: Date.parse(startOfTest), steady: Date.parse(startOfTest) };
    const entries = new Map<string, RecordedEntry>();
    const book = createBook({
      clock: () => ({ ...moment }),
      loadAccount: () => undefined,
      loadRow: () => undefined,
      findEntry: (id) => entries.get(id),
      findCorrections: () => [],
      journal: {
        held: () => {},
        ended: () => {},
        shrunk: () => {},
        changed: () => {},
        recorded: (recorded) => entries.set(recorded.entry.id, recorded),
      },
    });
    return { book, moment };
  }

  it('expires no hold early', () => {
    const { book, moment } = bookWithClocks();
    book.reserve(reserveRequest('a', [draw(budget(), '1')], { expiresInMs: 60_000 }));
    moment.wall += 2 * hourMs;
    expect(book.expire()).toBe(0);
    moment.steady += 60_000;
    expect(book.expire()).toBe(1);
  });

  it('gives no window twice when it is set forward and back', () => {
    const { book, moment } = bookWithClocks();
    const hourly = budget({ window: { kind: 'calendar', period: 'hour' } });
    const tryToSpend = (id: string) => book.reserve(reserveRequest(id, [draw(hourly, '1')])).result;
    expect(tryToSpend('a')).toBe('held');
    moment.wall += 2 * hourMs;
    expect(tryToSpend('b')).toBe('held');
    moment.wall -= 2 * hourMs;
    expect(tryToSpend('c')).toBe('refused');
    moment.wall += 2 * hourMs;
    expect(tryToSpend('d')).toBe('refused');
  });

  it('starts no rate and no rolling window anew', () => {
    const { book, moment } = bookWithClocks();
    const rate = budget({ id: 'rate', unit: 'requests', amount: '1', window: { kind: 'rate', seconds: 60 } });
    const rolling = budget({ id: 'rolling', window: { kind: 'rolling', seconds: 60 } });
    book.reserve(reserveRequest('a', [draw(rate, '1'), draw(rolling, '1')], { expiresInMs: 10 * hourMs }));
    moment.wall += 2 * hourMs;
    expect(book.reserve(reserveRequest('b', [draw(rate, '1')])).result).toBe('refused');
    expect(book.reserve(reserveRequest('c', [draw(rolling, '1')])).result).toBe('refused');
    moment.steady += 62_000;
    expect(book.reserve(reserveRequest('d', [draw(rate, '1'), draw(rolling, '1')])).result).toBe('held');
  });
});
