import { checkWholeNumber } from './check-number.ts';

/**
 * Does a task for each item, a few at a time, and takes the next item only when there is room for it: a
 * source of a million items is never held as a whole.
 *
 * @param options.concurrency - tasks under way at once; @default 10
 * @returns how each ended, in the order of the items; one that fails does not stop the others
 * @throws {ConfigurationError} when no whole number of tasks is to be under way
 */
export async function concurrently<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  task: (item: Item, index: number) => Promise<Result>,
  { concurrency = 10 }: { readonly concurrency?: number } = {},
): Promise<PromiseSettledResult<Result>[]> {
  checkWholeNumber('concurrency', concurrency, 1);
  const results: PromiseSettledResult<Result>[] = [];
  const underWay = new Set<Promise<void>>();
  let index = 0;
  for await (const item of items) {
    const place = index++;
    const done: Promise<void> = task(item, place)
      .then(
        (value) => ({ status: 'fulfilled' as const, value }),
        (reason: unknown) => ({ status: 'rejected' as const, reason }),
      )
      .then((result) => {
        results[place] = result;
        underWay.delete(done);
      });
    underWay.add(done);
    if (underWay.size >= concurrency) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return results;
}
