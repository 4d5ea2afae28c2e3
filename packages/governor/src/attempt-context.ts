import { AsyncLocalStorage } from 'node:async_hooks';

const contextSymbol = Symbol.for('@genops/attempt-context');
const holder = globalThis as { [contextSymbol]?: AsyncLocalStorage<true> };

/** One context for the process, also when several copies of this package are loaded. */
function context(): AsyncLocalStorage<true> {
  holder[contextSymbol] ??= new AsyncLocalStorage<true>();
  return holder[contextSymbol];
}

/** Runs what sends an attempt of a governed call, so that no governor behind it governs the call again. */
export function sendAttempt<Result>(send: () => Result): Result {
  return context().run(true, send);
}

/** True inside {@link sendAttempt}: the call is accounted for already. */
export function isAttempt(): boolean {
  return context().getStore() === true;
}
