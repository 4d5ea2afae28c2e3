import type { Limit } from '@genops/core';

/** One budget that every call draws on. */
export function hotBudget(amount: string): Limit {
  return {
    id: 'hot',
    unit: 'money',
    amount,
    window: { kind: 'lifetime' },
    scope: {},
    mode: 'enforced',
  };
}

/** A budget for each customer. */
export function customerBudget(amount: string): Limit {
  return { ...hotBudget(amount), id: 'customer', scope: { per: ['customerId'] } };
}

export function customerBucket(customer: number): string {
  return `customerId=c${customer}`;
}
