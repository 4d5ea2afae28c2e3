import type { Random } from '../measure/random.ts';
import type { QuotaNeed } from '../quota/quota.ts';
import type { Cell, KeyQuestion } from './cell.ts';
import type { Key } from './key.ts';
import { isLive } from './key-states.ts';

/** By what the better of two drawn keys is told. */
export type KeyPreference = 'load' | 'use' | 'success';

export interface KeyDraw {
  readonly question: KeyQuestion;
  readonly need: QuotaNeed;
  readonly prefer: KeyPreference;
  readonly random: Random;
  /** Keys that were tried already. */
  readonly except?: ReadonlySet<string>;
}

export type Drawn =
  | { readonly result: 'drawn'; readonly keyId: string; readonly reason: string; readonly headroom: number }
  | { readonly result: 'none'; readonly reason: string };

/** Draws before every live key is looked at one by one. */
const drawsBeforeSearch = 8;

const words = { load: 'busy', use: 'used', success: 'failing' } as const;

/**
 * Draws two keys and takes the better one: nearly as even as looking at all of them, in a time that hardly
 * grows with their number. Only when what is drawn keeps not fitting are all keys looked at.
 *
 * @param among - cells that serve, the team's own first
 */
export function drawKey(among: readonly Cell[], draw: KeyDraw, nowMs: number): Drawn {
  if (among.length === 0) return { result: 'none', reason: 'no_key' };
  const fits = (key: Key): boolean => !draw.except?.has(key.id) && key.group.quota.fits(draw.need, nowMs);
  const better = (left: Key, right: Key): Key =>
    burden(right, draw.prefer, nowMs) < burden(left, draw.prefer, nowMs) ? right : left;
  const drawn = (key: Key, reason: string): Drawn => ({
    result: 'drawn',
    keyId: key.id,
    reason,
    headroom: key.group.quota.headroom(nowMs),
  });

  let first: Key | undefined;
  for (let tries = 0; tries < drawsBeforeSearch; tries += 1) {
    const key = drawOne(among, draw.random);
    if (key === undefined) return { result: 'none', reason: restReason(among) };
    if (!fits(key)) continue;
    // The same one twice is one that carries much weight: it serves, or rare keys would win too often.
    if (key === first) return drawn(key, 'drawn twice');
    if (first !== undefined) {
      const winner = better(first, key);
      return drawn(winner, `less ${words[draw.prefer]} than ${(winner === first ? key : first).id}`);
    }
    first = key;
  }
  if (first !== undefined) return drawn(first, 'the only one drawn');
  for (const cell of among) {
    for (const key of cell.members) {
      if (isLive(key, nowMs) && fits(key)) first = first === undefined ? key : better(first, key);
    }
  }
  if (first !== undefined) return drawn(first, 'the best of those that fit');
  const tried = among.some(({ members }) => members.some(({ id }) => draw.except?.has(id)));
  return { result: 'none', reason: tried ? 'all_keys_tried' : 'quota_too_small' };
}

/** From the team's own keys as long as one of them is live, else from everybody's; each cell by its live keys. */
function drawOne(among: readonly Cell[], random: Random): Key | undefined {
  const liveOf = (team: string | undefined): number => {
    let live = 0;
    for (const cell of among) if (cell.kind.team === team) live += cell.live;
    return live;
  };
  const own = among[0]?.kind.team;
  const ownLive = liveOf(own);
  const team = ownLive > 0 ? own : undefined;
  let point = random() * (ownLive > 0 ? ownLive : liveOf(undefined));
  for (const cell of among) {
    if (cell.kind.team !== team || cell.live === 0) continue;
    if (point < cell.live) return cell.draw(random);
    point -= cell.live;
  }
  return undefined;
}

/** Smaller is better. */
function burden(key: Key, prefer: KeyPreference, nowMs: number): number {
  if (prefer === 'use') return key.usageCount / (key.metadata.weight ?? 1);
  const success = key.success.read(nowMs);
  if (prefer === 'success') return 1 - success + key.inFlight * 1e-6;
  const headroom = Math.max(0.05, key.group.quota.headroom(nowMs));
  return ((key.inFlight + 1) * key.latency.read(nowMs)) / (success * success * headroom);
}

/** `no_key_ready: 3 throttled, 1 invalid`. */
function restReason(cells: readonly Cell[]): string {
  const counts = new Map<string, number>();
  for (const cell of cells) {
    for (const { reason } of cell.resting()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return `no_key_ready: ${[...counts].map(([reason, count]) => `${count} ${reason}`).join(', ')}`;
}
