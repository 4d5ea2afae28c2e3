import type { LedgerEntry, Provider } from '@genops/core';
import type { Line } from '../line.ts';

/** Results of an order are kept for about a month. */
const orderedWithinMs = 40 * 24 * 60 * 60 * 1000;
/** An order was recorded at about the time that its provider says; clocks differ. */
const aroundMs = 10 * 60 * 1000;

export interface OrderQuestion {
  readonly provider: Provider;
  readonly order: string | undefined;
  readonly operation: LedgerEntry['operation'];
  readonly orderedAt?: Date | undefined;
}

/** The entry of an order, whichever process gave it. */
export async function findOrder(
  line: Line,
  { provider, order, operation, orderedAt }: OrderQuestion,
): Promise<LedgerEntry | undefined> {
  if (order === undefined) return undefined;
  const at = (ms: number): string => new Date(ms).toISOString();
  const about = orderedAt?.getTime();
  const when =
    about === undefined
      ? { from: at(line.now().getTime() - orderedWithinMs) }
      : { from: at(about - aroundMs), until: at(about + aroundMs) };
  const filter = {
    ...when,
    kind: ['settled' as const],
    match: { provider: [provider.id], operation: [operation] },
  };
  let cursor: string | undefined;
  do {
    const page = await line.ledger.entries({
      filter,
      order: 'newest_first',
      ...(cursor !== undefined && { cursor }),
    });
    const found = page.entries.find(({ responseId }) => responseId === order);
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return undefined;
}
