import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Decimal } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { customerBucket, customerBudget, hotBudget } from './budgets.ts';
import type { CallerOptions, CallerReport, StoreAddress } from './callers.ts';

export interface ProofOptions {
  readonly address: StoreAddress;
  /** Opens the ledger for looking at it afterwards. */
  readonly open: () => Promise<Ledger>;
  readonly operations: number;
  readonly processes: number;
  /** In each process. */
  readonly callers: number;
  readonly customers: number;
  /** How often one of the processes that are at work is killed. */
  readonly killEveryMs: number;
}

/** What a run came to. The last four lists should be empty. */
export interface ProofReport {
  readonly operations: number;
  readonly admitted: number;
  readonly refused: number;
  /** Answers that the store did not give, or not in time; each was asked for again. */
  readonly unavailable: number;
  readonly killed: number;
  readonly seconds: number;
  /** The most that was used of one budget, and of how much. */
  readonly hot: { readonly used: string; readonly amount: string };
  readonly customer: { readonly used: string; readonly amount: string };
  /** Budgets of which more was settled, by the entries themselves, than they allow. */
  readonly overspent: readonly string[];
  /** Answers that showed more settled and held than the limit allows. */
  readonly over: readonly string[];
  /** Budgets that still hold something after every hold has run out. */
  readonly phantoms: readonly string[];
  readonly damage: readonly string[];
}

const callers = fileURLToPath(new URL('./callers.ts', import.meta.url));
const holdLivesMs = 3000;

/** The budgets run out when about this share of the operations is done. */
const share = 0.25;
const averageCost = 0.0025;

/** Lets processes full of callers loose on budgets that are too small for them, kills some, and counts afterwards. */
export async function proveNoOverspend(options: ProofOptions): Promise<ProofReport> {
  const { address, operations, processes, customers, killEveryMs } = options;
  const admissions = operations * share;
  const hotAmount = (admissions * averageCost).toFixed(6);
  const customerAmount = ((admissions * averageCost * 1.1) / customers).toFixed(6);
  const started = performance.now();
  const total = { operations: 0, admitted: 0, refused: 0, unavailable: 0, killed: 0 };
  const over: string[] = [];
  const running = new Set<ChildProcess>();
  /** Those that have done something: one that is killed before that proves nothing. */
  const working = new Set<ChildProcess>();
  let number = 0;
  let broken: Error | undefined;

  function start(): void {
    number += 1;
    const childOptions: CallerOptions = {
      address,
      name: `p${number}`,
      callers: options.callers,
      customers,
      hotAmount,
      customerAmount,
      holdLivesMs,
    };
    const child = fork(callers, [JSON.stringify(childOptions)], {
      execArgv: ['--conditions=@genops/source', '--no-warnings'],
    });
    running.add(child);
    child.on('message', (report: CallerReport) => {
      if (report.operations > 0) working.add(child);
      total.operations += report.operations;
      total.admitted += report.admitted;
      total.refused += report.refused;
      total.unavailable += report.unavailable;
      over.push(...report.over);
    });
    child.on('exit', (code, signal) => {
      running.delete(child);
      working.delete(child);
      if (code !== 0 && signal !== 'SIGKILL')
        broken ??= new Error(`A process of callers ended by itself (${code})`);
    });
  }

  for (let count = 0; count < processes; count += 1) start();
  let nextKill = performance.now() + killEveryMs;
  while (total.operations < operations) {
    if (broken !== undefined) throw broken;
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (performance.now() > nextKill) {
      const [victim] = working;
      if (victim !== undefined) {
        victim.kill('SIGKILL');
        await once(victim, 'exit');
        total.killed += 1;
        nextKill = performance.now() + killEveryMs;
      }
    }
    while (running.size < processes) start();
  }
  await Promise.all(
    [...running].map(async (child) => {
      const ended = once(child, 'exit');
      child.send('stop');
      await ended;
    }),
  );
  const seconds = (performance.now() - started) / 1000;

  await new Promise((resolve) => setTimeout(resolve, holdLivesMs));
  const ledger = await options.open();
  try {
    await ledger.expire();
    return { ...total, seconds, ...(await count(ledger, customers, hotAmount, customerAmount)), over };
  } finally {
    await ledger.close();
  }
}

/** Counts from the entries alone, then asks the counters. */
async function count(
  ledger: Ledger,
  customers: number,
  hotAmount: string,
  customerAmount: string,
): Promise<Pick<ProofReport, 'hot' | 'customer' | 'overspent' | 'phantoms' | 'damage'>> {
  const [hot, perCustomer] = [new Decimal(hotAmount), new Decimal(customerAmount)];
  const spent = await ledger.sum({ by: ['customerId'] });
  const total = spent.reduce((sum, { cost }) => sum.plus(cost.amount), new Decimal('0'));
  const ofCustomers = spent.filter(({ group }) => group['customerId'] !== null);
  const most = ofCustomers.reduce(
    (max, { cost }) => (cost.amount.gt(max) ? cost.amount : max),
    new Decimal('0'),
  );
  const overspent = ofCustomers
    .filter(({ cost }) => cost.amount.gt(perCustomer))
    .map(({ group, cost }) => `${group['customerId']}: ${cost.amount.toFixed()} of ${customerAmount}`);
  if (total.gt(hot)) overspent.push(`hot: ${total.toFixed()} of ${hotAmount}`);

  const queries = [
    { limit: hotBudget(hotAmount), bucket: '' },
    ...Array.from({ length: customers }, (_, customer) => ({
      limit: customerBudget(customerAmount),
      bucket: customerBucket(customer),
    })),
  ];
  const states = await ledger.states(queries);
  const { findings } = await ledger.verify();
  return {
    hot: { used: total.toFixed(), amount: hot.toFixed() },
    customer: { used: most.toFixed(), amount: perCustomer.toFixed() },
    overspent,
    phantoms: states
      .filter(({ held }) => held !== '0')
      .map(({ limitId, bucket, held }) => `${limitId} ${bucket}: ${held}`),
    damage: findings,
  };
}
