import { type Account, emptyAccount } from '../account.ts';
import type { RedisClient } from './client.ts';
import { defineScript } from './script.ts';

/** Copies of accounts that have run out, for every replica to look at before it asks the ledger. */
export interface Shield {
  /** Looks accounts up at one moment, with the server's clock. */
  readonly look: (id: string, accounts: readonly string[]) => Promise<Look>;
  readonly publish: (news: News) => Promise<void>;
}

export interface Look {
  /** The server's clock, in milliseconds since 1970. */
  readonly now: number;
  /** Whether the ledger has dealt with this id lately. */
  readonly idKnown: boolean;
  /** In the order asked for; `undefined` where there is no copy. */
  readonly copies: readonly (Copy | undefined)[];
}

export interface Copy {
  readonly account: Account;
  /** From then on it may have changed by itself, because a hold ran out. */
  readonly trueUntil: number;
}

export interface News {
  readonly version: bigint;
  readonly trueUntil: number;
  /** Copies to make, or to bring up to date. */
  readonly exhausted: readonly Account[];
  /** Copies to bring up to date where they exist. */
  readonly changed: readonly Account[];
  readonly ids: readonly string[];
}

export interface ShieldOptions {
  readonly redis: RedisClient;
  /** Begins every key, in braces, so that a Cluster keeps them on one node. */
  readonly prefix: string;
  readonly copyLivesMs: number;
  readonly idLivesMs: number;
}

/** Reads the copies, whether the id is known, and the clock. */
const lookScript = defineScript(`
  local time = redis.call('TIME')
  local answer = { time[1], time[2], redis.call('EXISTS', KEYS[1]) }
  for i = 2, #KEYS do
    answer[#answer + 1] = redis.call('HGET', KEYS[i], 'copy') or ''
  end
  return answer
`);

/** Writes what is newer than what is there. Every key gets its end of life in the same step. */
const publishScript = defineScript(`
  local version = tonumber(ARGV[1])
  local accounts = tonumber(ARGV[4])
  for i = 1, accounts do
    local known = redis.call('HGET', KEYS[i], 'version')
    local wanted = ARGV[4 + 2 * i - 1] == 'make' or known
    if wanted and (not known or tonumber(known) <= version) then
      redis.call('HSET', KEYS[i], 'version', ARGV[1], 'copy', ARGV[4 + 2 * i])
      redis.call('PEXPIRE', KEYS[i], ARGV[2])
    end
  end
  for i = accounts + 1, #KEYS do
    redis.call('SET', KEYS[i], '1', 'PX', ARGV[3])
  end
`);

export function createShield({ redis, prefix, copyLivesMs, idLivesMs }: ShieldOptions): Shield {
  const accountKey = (account: string): string => `{${prefix}}:account:${account}`;
  const idKey = (id: string): string => `{${prefix}}:id:${id}`;

  return {
    look: async (id, accounts) => {
      const answer = (await lookScript(redis, [idKey(id), ...accounts.map(accountKey)], [])) as unknown[];
      const [seconds, microseconds, known, ...copies] = answer;
      return {
        now: Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000),
        idKnown: Number(known) > 0,
        copies: copies.map((copy, index) => readCopy(accounts[index] ?? '', String(copy))),
      };
    },
    publish: async ({ version, trueUntil, exhausted, changed, ids }) => {
      const accounts = [...exhausted, ...changed];
      if (accounts.length + ids.length === 0) return;
      await publishScript(
        redis,
        [...accounts.map(({ key }) => accountKey(key)), ...ids.map(idKey)],
        [
          version.toString(),
          String(copyLivesMs),
          String(idLivesMs),
          String(accounts.length),
          ...accounts.flatMap((account, index) => [
            index < exhausted.length ? 'make' : 'update',
            writeCopy({ account, trueUntil }),
          ]),
        ],
      );
    },
  };
}

type CopyJson = readonly [
  trueUntil: number | null,
  since: number | null,
  rows: readonly (readonly [start: number, settled: string, held: string, told: number])[],
];

function writeCopy({ account, trueUntil }: Copy): string {
  const rows = Array.from(account.rows.values(), ({ start, settled, held, told }) => [
    start,
    settled.toString(),
    held.toString(),
    told,
  ]);
  return JSON.stringify([Number.isFinite(trueUntil) ? trueUntil : null, account.since ?? null, rows]);
}

function readCopy(key: string, json: string): Copy | undefined {
  if (json === '') return undefined;
  const [trueUntil, since, rows] = JSON.parse(json) as CopyJson;
  const account = emptyAccount(key);
  account.since = since ?? undefined;
  for (const [start, settled, held, told] of rows) {
    account.rows.set(start, { account: key, start, settled: BigInt(settled), held: BigInt(held), told });
  }
  return { account, trueUntil: trueUntil ?? Number.POSITIVE_INFINITY };
}
