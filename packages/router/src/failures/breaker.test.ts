import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Breaker, createBreaker, type Permit } from './breaker.ts';

const options = { failures: 3, windowMs: 1_000, openMs: 100, maxOpenMs: 800, probeTimeoutMs: 500 };

function fail(breaker: Breaker, atMs: number): void {
  breaker.acquire(atMs)?.failed(atMs);
}

describe('createBreaker', () => {
  it('opens after so many failures within its window, not for those that lie further apart', () => {
    const slow = createBreaker(options);
    for (const atMs of [0, 600, 1_200, 1_800]) fail(slow, atMs);
    expect(slow.state(1_800)).toBe('closed');
    const fast = createBreaker(options);
    for (const atMs of [0, 10, 20]) fail(fast, atMs);
    expect(fast.state(20)).toBe('open');
    expect(fast.acquire(119)).toBeUndefined();
  });

  it('lets one probe go at a time, and closes when it succeeds', () => {
    const breaker = createBreaker(options);
    for (const atMs of [0, 10, 20]) fail(breaker, atMs);
    const probe = breaker.acquire(120);
    expect(probe?.probe).toBe(true);
    expect(breaker.acquire(121)).toBeUndefined();
    probe?.succeeded(130);
    expect(breaker.state(130)).toBe('closed');
  });

  it('tells when it opens and when it closes, once each, and not of what another replica found out', () => {
    const told: string[] = [];
    const breaker = createBreaker({
      ...options,
      onChange: (state, nowMs, untilMs) => told.push(`${state} at ${nowMs} until ${untilMs}`),
    });
    for (const atMs of [0, 10, 20]) fail(breaker, atMs);
    breaker.acquire(120)?.succeeded(130);
    breaker.acquire(140)?.succeeded(150);
    breaker.merge({ opens: 1, openUntilMs: 900, changedAtMs: 200 });
    expect(breaker.state(300)).toBe('open');
    breaker.merge({ opens: 0, openUntilMs: 0, changedAtMs: 400 });
    expect(told).toEqual(['open at 20 until 120', 'closed at 130 until 0', 'closed at 400 until 0']);
  });

  it('opens for twice as long after a failed probe, up to a bound', () => {
    const breaker = createBreaker(options);
    for (const atMs of [0, 10, 20]) fail(breaker, atMs);
    let nowMs = 120;
    for (const lastsMs of [200, 400, 800, 800]) {
      fail(breaker, nowMs);
      expect(breaker.state(nowMs + lastsMs - 1)).toBe('open');
      expect(breaker.state(nowMs + lastsMs)).toBe('half-open');
      nowMs += lastsMs;
    }
  });

  it('gives the probe to another when it was neutral, or never came back', () => {
    const breaker = createBreaker(options);
    for (const atMs of [0, 10, 20]) fail(breaker, atMs);
    breaker.acquire(120)?.neutral(121);
    const lost = breaker.acquire(122);
    expect(breaker.acquire(621)).toBeUndefined();
    const second = breaker.acquire(622);
    expect(second?.probe).toBe(true);
    lost?.failed(630);
    expect(breaker.state(630)).toBe('half-open');
    second?.succeeded(640);
    expect(breaker.state(640)).toBe('closed');
  });

  it('is not closed by an attempt that began before it opened', () => {
    const breaker = createBreaker(options);
    const early = breaker.acquire(0);
    for (const atMs of [0, 10, 20]) fail(breaker, atMs);
    early?.succeeded(30);
    expect(breaker.state(30)).toBe('open');
  });

  it('never ends earlier except by a success, and has at most one probe, whatever happens', () => {
    const step = fc.record({
      waitMs: fc.nat(300),
      what: fc.constantFrom('acquire', 'succeed', 'fail', 'neutral', 'merge'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const breaker = createBreaker(options);
        const held: Permit[] = [];
        let nowMs = 0;
        let probeSince: number | undefined;
        for (const { waitMs, what } of steps) {
          nowMs += waitMs;
          const before = breaker.snapshot();
          let succeeded = false;
          if (what === 'acquire') {
            const state = breaker.state(nowMs);
            const permit = breaker.acquire(nowMs);
            if (state === 'open') expect(permit).toBeUndefined();
            if (permit?.probe) {
              if (probeSince !== undefined) expect(nowMs - probeSince).toBeGreaterThanOrEqual(500);
              probeSince = nowMs;
            }
            if (permit !== undefined) held.push(permit);
          } else if (what === 'merge') {
            breaker.merge({ openUntilMs: nowMs + 50, opens: 1, changedAtMs: nowMs });
          } else {
            const permit = held.shift();
            if (permit === undefined) continue;
            if (permit.probe) probeSince = undefined;
            if (what === 'succeed') {
              succeeded = true;
              permit.succeeded(nowMs);
            } else if (what === 'fail') permit.failed(nowMs);
            else permit.neutral(nowMs);
          }
          if (!succeeded) expect(breaker.snapshot().openUntilMs).toBeGreaterThanOrEqual(before.openUntilMs);
        }
      }),
    );
  });

  it('learns from other replicas that it is open, and that a later probe succeeded', () => {
    const here = createBreaker(options);
    const there = createBreaker(options);
    for (const atMs of [0, 10, 20]) fail(there, atMs);
    here.merge(there.snapshot());
    expect(here.state(50)).toBe('open');
    there.acquire(120)?.succeeded(125);
    here.merge(there.snapshot());
    expect(here.state(126)).toBe('closed');
    here.merge({ openUntilMs: 500, opens: 1, changedAtMs: 20 });
    expect(here.state(130)).toBe('closed');
  });
});
