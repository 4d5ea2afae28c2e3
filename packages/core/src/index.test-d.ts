import type { Cost, Money, Usage } from './index.ts';

declare const cost: Cost;
declare const amount: Money;

// @ts-expect-error an unpriced cost has no total: it must be asked for first
cost.total;
if (cost.result === 'priced') cost.total satisfies Money;

// @ts-expect-error money is not a number
amount.amount satisfies number;

// @ts-expect-error counters are numbers
({ inputTokens: '1' }) satisfies Usage;

// @ts-expect-error counters have fixed names
({ input_tokens: 1 }) satisfies Usage;
