/** Parts that were started, to be closed the other way round. */
export interface StartedParts {
  add(close: () => unknown): void;
  /** Closes every part, also after one that could not be closed. */
  close(): Promise<void>;
}

export function createStartedParts(): StartedParts {
  const closers: (() => unknown)[] = [];
  return {
    add: (close) => closers.push(close),
    async close() {
      const errors: unknown[] = [];
      for (const close of closers.splice(0).reverse()) {
        try {
          await close();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}
