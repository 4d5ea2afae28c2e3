/** Lets requests through, or makes them wait together. */
export interface Gate {
  readonly waiting: number;
  /** Resolves when the gate is open, or when `gone` does. */
  pass(gone: Promise<void>): Promise<void>;
  close(): void;
  open(): void;
  /** Resolves once so many wait at the same time. */
  waitFor(count: number): Promise<void>;
}

export function createGate(): Gate {
  let opened: PromiseWithResolvers<void> | undefined;
  let waiting = 0;
  let watchers: { readonly count: number; readonly resolve: () => void }[] = [];

  return {
    get waiting() {
      return waiting;
    },
    async pass(gone) {
      if (opened === undefined) return;
      waiting += 1;
      for (const watcher of watchers) if (waiting >= watcher.count) watcher.resolve();
      watchers = watchers.filter(({ count }) => waiting < count);
      await Promise.race([opened.promise, gone]);
      waiting -= 1;
    },
    close() {
      opened ??= Promise.withResolvers<void>();
    },
    open() {
      opened?.resolve();
      opened = undefined;
    },
    async waitFor(count) {
      if (waiting >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      watchers.push({ count, resolve });
      await promise;
    },
  };
}
