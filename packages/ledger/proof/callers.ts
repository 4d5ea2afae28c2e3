import { Decimal, money } from '@genops/core';
import type { Ledger, ReserveRequest, SettledEntry } from '@genops/ledger';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openRedisLedger } from '@genops/ledger/redis';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { customerBucket, customerBudget, hotBudget } from './budgets.ts';

// A process full of callers that reserve, settle, abort, repeat themselves and walk away, until it is told to stop
// or is killed. It reports what it has seen; it never reports what it has not been told.

/** Where the callers find their ledger. */
export type StoreAddress =
  | { readonly store: 'sqlite'; readonly path: string }
  | {
      readonly store: 'postgres';
      readonly url: string;
      readonly schema: string;
      /** Processes hold headroom in advance, and every second call draws on the hot budget alone. */
      readonly leases?: boolean;
    }
  | { readonly store: 'redis'; readonly url: string; readonly schema: string; readonly redisUrl: string };

export interface CallerOptions {
  readonly address: StoreAddress;
  readonly name: string;
  readonly callers: number;
  readonly customers: number;
  readonly hotAmount: string;
  readonly customerAmount: string;
  readonly holdLivesMs: number;
}

/** What happened since the last report. */
export interface CallerReport {
  readonly operations: number;
  readonly admitted: number;
  readonly refused: number;
  readonly unavailable: number;
  /** Answers in which more was settled and held than the limit allows. */
  readonly over: readonly string[];
}

const options = JSON.parse(process.argv[2] ?? '{}') as CallerOptions;
const { address, name, callers, customers, holdLivesMs } = options;
const hot = hotBudget(options.hotAmount);
const perCustomer = customerBudget(options.customerAmount);

const leases = address.store === 'postgres' && address.leases === true;

function open(): Promise<Ledger> {
  if (address.store === 'sqlite') return openSqliteLedger({ path: address.path });
  const pool = new Pool({ connectionString: address.url, max: 4 });
  pool.on('error', () => {});
  const { schema } = address;
  if (address.store === 'postgres') {
    return openPostgresLedger({ pool, schema, timeoutMs: 10_000, ...(leases && { leases: {} }) });
  }
  return openRedisLedger({ pool, schema, timeoutMs: 10_000, redis: new Redis(address.redisUrl) });
}

const ledger = await open();
const seen = { operations: 0, admitted: 0, refused: 0, unavailable: 0, over: [] as string[] };
let stopped = false;

/** Does one operation, again with the same id for as long as the store does not answer. */
async function insist<Result>(operation: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      const result = await operation();
      seen.operations += 1;
      return result;
    } catch (error) {
      seen.unavailable += 1;
      if (stopped) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

/** Prices with as many odd digits as a store can keep. */
function price(): Decimal {
  return new Decimal(`0.00${String(random(10_000_000_000)).padStart(10, '0')}`);
}

async function caller(number: number): Promise<void> {
  for (let call = 0; !stopped; call += 1) await oneCall(`${name}.${number}.${call}`);
}

async function oneCall(id: string): Promise<void> {
  const bound = price();
  const customer = leases && Math.random() < 0.5 ? undefined : random(customers);
  const request: ReserveRequest = {
    id,
    draws: [
      { limit: hot, bucket: '', amount: bound },
      ...(customer === undefined
        ? []
        : [{ limit: perCustomer, bucket: customerBucket(customer), amount: bound }]),
    ],
    expiresInMs: holdLivesMs,
    entry: {
      operationId: id,
      attempt: 1,
      provider: 'proof',
      operation: 'chat',
      requestModel: 'proof',
      stream: false,
      attribution: customer === undefined ? {} : { customerId: `c${customer}` },
      decision: { verdict: 'allowed', rules: [], limits: [] },
    },
  };
  const reserved = await insist(() => ledger.reserve(request));
  if (reserved.result === 'conflict') throw new Error(reserved.message);
  for (const { limitId, bucket, amount, settled, held } of reserved.states) {
    if (new Decimal(settled).plus(new Decimal(held)).gt(new Decimal(amount))) {
      seen.over.push(`${limitId} ${bucket}: ${settled} settled + ${held} held > ${amount}`);
    }
  }
  if (reserved.result === 'refused') {
    seen.refused += 1;
    return;
  }
  seen.admitted += 1;
  const fate = random(100);
  // The caller is gone: its hold has to run out.
  if (fate < 3) return;
  // The answer was lost: the same again.
  if (fate < 8) await insist(() => ledger.reserve(request));
  if (fate < 20) {
    await insist(() => ledger.release({ id, entry: settledEntry(request, new Decimal('0')) }));
    return;
  }
  const cost =
    Math.random() < 0.3 ? bound : bound.times(new Decimal(`0.${String(random(1000)).padStart(3, '0')}`));
  const end = { id, amounts: request.draws.map(() => cost), entry: settledEntry(request, cost) };
  await insist(() => ledger.settle(end));
  if (fate > 95) await insist(() => ledger.settle(end));
}

function settledEntry({ entry }: ReserveRequest, cost: Decimal): SettledEntry {
  return {
    ...entry,
    cost: { result: 'priced', total: money(cost), lines: [], basis: 'computed' },
    outcome: 'completed',
  };
}

function report(): void {
  const news: CallerReport = { ...seen, over: seen.over.slice(0, 5) };
  Object.assign(seen, { operations: 0, admitted: 0, refused: 0, unavailable: 0, over: [] });
  process.send?.(news);
}

const reporting = setInterval(report, 100);
process.once('message', () => {
  stopped = true;
});
await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
clearInterval(reporting);
report();
await ledger.close();
process.disconnect?.();
process.exit();
