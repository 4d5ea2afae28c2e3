import type { Random } from '../measure/random.ts';
import type { QuotaNeed } from '../quota/quota.ts';
import type { Cell } from './cell.ts';
import type { Key } from './key.ts';
import { fitsKey, headroomOf } from './key-quota.ts';
import { isLive } from './key-states.ts';

/** By what the better of two drawn keys is told. */
export type KeyPreference = 'load' | 'use' | 'success';

export interface KeyDraw {
  readonly need: QuotaNeed;
  readonly prefer: KeyPreference;
  readonly random: Random;
  /** Keys that were tried already. */
  readonly except?: ReadonlySet<string>;
  /** For a call of a session: numbers that are the same for the session wherever it is asked. */
  readonly sessionRandom?: () => Random;
}

export type Drawn =
  | {
      readonly result: 'drawn';
      readonly keyId: string;
      readonly reason: string;
      readonly headroom: number;
      /** The two that were weighed against one another, where that decided. */
      readonly weighed?: Weighed;
    }
  | { readonly result: 'none'; readonly reason: string };

export type Weighed = readonly [WeighedKey, WeighedKey];

export interface WeighedKey {
  readonly keyId: string;
  /** Smaller is better. */
  readonly burden: number;
}

/** Draws before every live key is looked at one by one. */
const drawsBeforeSearch = 8;
/** Picks of a session before it is drawn for like any other call. */
const picksOfSession = 16;

const words = { load: 'busy', use: 'used', success: 'failing' } as const;

/** The better of two keys, and why. The same burdens give the same key. */
export function betterOf(
  [first, second]: Weighed,
  prefer: KeyPreference,
): { readonly keyId: string; readonly reason: string } {
  const secondWins = second.burden < first.burden;
  const [winner, loser] = secondWins ? [second, first] : [first, second];
  return { keyId: winner.keyId, reason: `less ${words[prefer]} than ${loser.keyId}` };
}

/**
 * Draws two keys and takes the better one: nearly as even as looking at all of them, in a time that hardly
 * grows with their number. Only when what is drawn keeps not fitting are all keys looked at.
 *
 * @param among - cells that serve, the team's own first
 */
export function drawKey(among: readonly Cell[], draw: KeyDraw, nowMs: number): Drawn {
  if (among.length === 0) return { result: 'none', reason: 'no_key' };
  const fits = (key: Key): boolean => !draw.except?.has(key.id) && fitsKey(key, draw.need, nowMs);
  const drawn = (key: Key, reason: string): Drawn => ({
    result: 'drawn',
    keyId: key.id,
    reason,
    headroom: headroomOf(key, nowMs),
  });
  const own = draw.sessionRandom && keyOfSession(inTurn(among), draw.sessionRandom(), fits, nowMs);
  if (own !== undefined) return drawn(own, 'of its session');

  let first: Key | undefined;
  for (let tries = 0; tries < drawsBeforeSearch; tries += 1) {
    const key = drawOne(among, draw.random);
    if (key === undefined) return { result: 'none', reason: restReason(among) };
    if (!fits(key)) continue;
    // The same one twice is one that carries much weight: it serves, or rare keys would win too often.
    if (key === first) return drawn(key, 'drawn twice');
    if (first !== undefined) {
      const weighed: Weighed = [weigh(first, draw.prefer, nowMs), weigh(key, draw.prefer, nowMs)];
      const { keyId, reason } = betterOf(weighed, draw.prefer);
      return { ...drawn(keyId === key.id ? key : first, reason), weighed } as Drawn;
    }
    first = key;
  }
  if (first !== undefined) return drawn(first, 'the only one drawn');
  for (const cell of among) {
    for (const key of cell.members) {
      if (!isLive(key, nowMs) || !fits(key)) continue;
      const isBetter =
        first === undefined || burden(key, draw.prefer, nowMs) < burden(first, draw.prefer, nowMs);
      if (isBetter) first = key;
    }
  }
  if (first !== undefined) return drawn(first, 'the best of those that fit');
  const tried = among.some(({ members }) => members.some(({ id }) => draw.except?.has(id)));
  return { result: 'none', reason: tried ? 'all_keys_tried' : 'quota_too_small' };
}

/**
 * The key that a session's own numbers name: the same on every replica as long as it can be used. When it
 * rests, its sessions alone go elsewhere, each to the next key that its numbers name.
 */
function keyOfSession(
  among: readonly Cell[],
  random: Random,
  fits: (key: Key) => boolean,
  nowMs: number,
): Key | undefined {
  let members = 0;
  for (const cell of among) members += cell.members.length;
  for (let picks = 0; picks < picksOfSession; picks += 1) {
    let point = random() * members;
    const cell = among.find((one) => {
      point -= one.members.length;
      return point < 0;
    });
    const key = cell?.pick(random);
    // What recovers gets a small share of the calls, which sessions that stay would soon exceed.
    if (key?.state === 'available' && isLive(key, nowMs) && fits(key)) return key;
  }
  return undefined;
}

/** The team's own keys as long as one of them is live, else everybody's. */
function inTurn(among: readonly Cell[]): readonly Cell[] {
  const own = among[0]?.kind.team;
  if (own === undefined) return among;
  const ownLive = among.some(({ kind, live }) => kind.team === own && live > 0);
  return among.filter(({ kind }) => (kind.team === own) === ownLive);
}

/** One of those in turn; each cell by its live keys. */
function drawOne(among: readonly Cell[], random: Random): Key | undefined {
  const cells = inTurn(among);
  if (cells.length === 1) return cells[0]?.draw(random);
  let live = 0;
  for (const cell of cells) live += cell.live;
  let point = random() * live;
  for (const cell of cells) {
    if (cell.live === 0) continue;
    if (point < cell.live) return cell.draw(random);
    point -= cell.live;
  }
  return undefined;
}

function weigh(key: Key, prefer: KeyPreference, nowMs: number): WeighedKey {
  return { keyId: key.id, burden: burden(key, prefer, nowMs) };
}

/** Smaller is better. */
function burden(key: Key, prefer: KeyPreference, nowMs: number): number {
  if (prefer === 'use') return key.usageCount / (key.metadata.weight ?? 1);
  const success = key.success.read(nowMs);
  if (prefer === 'success') return 1 - success + key.inFlight * 1e-6;
  const headroom = Math.max(0.05, headroomOf(key, nowMs));
  return ((key.inFlight + 1) * key.latency.read(nowMs)) / (success * success * headroom);
}

/** `no_key_ready: 3 throttled, 1 invalid`. */
function restReason(cells: readonly Cell[]): string {
  const counts = new Map<string, number>();
  for (const { reasons } of cells) {
    for (const [reason, count] of reasons) counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return `no_key_ready: ${[...counts].map(([reason, count]) => `${count} ${reason}`).join(', ')}`;
}
