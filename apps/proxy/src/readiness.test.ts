import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchReadiness } from './readiness.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('watchReadiness', () => {
  it.each([
    ['stays available over a slip', 'x.x.xx.', '1111111'],
    ['goes after three failures in a row', 'xxx', '110'],
    ['comes back after two answers in a row', 'xxx.x..', '1100001'],
    ['counts no answer in time as a failure', '???', '110'],
  ])('%s', async (_what, answers, expected) => {
    let look = 0;
    const check = vi.fn(async () => {
      const answer = answers[look];
      look += 1;
      if (answer === 'x') throw new Error('gone');
      if (answer === '?') await new Promise(() => {});
    });
    const readiness = watchReadiness({ check, everyMs: 1_000, timeoutMs: 500 });
    let seen = '';
    for (let second = 0; second < answers.length; second += 1) {
      await vi.advanceTimersByTimeAsync(answers[second] === '?' ? 1_500 : 1_000);
      seen += readiness.available ? '1' : '0';
    }
    expect(seen).toBe(expected);
    readiness.stop();
  });

  it('asks once a period however often it is asked, and not at all once stopped', async () => {
    const check = vi.fn(async () => {});
    const readiness = watchReadiness({ check, everyMs: 1_000 });
    for (let times = 0; times < 1_000; times += 1) expect(readiness.available).toBe(true);
    expect(check).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(check).toHaveBeenCalledTimes(3);
    readiness.stop();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(check).toHaveBeenCalledTimes(3);
  });
});
