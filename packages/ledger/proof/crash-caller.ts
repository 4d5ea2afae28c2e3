import { Decimal } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { budget, costOf, draw, reserveRequest, settledEntry } from '../src/testing/samples.ts';

/** How long the holds of these callers live, in milliseconds. */
export const holdLivesMs = 2000;

const team = budget({ id: 'team', amount: '1000000' });
const company = budget({ id: 'company', amount: '1000000', window: { kind: 'lifetime' } });
const amount = '0.000000000007';

export interface CrashCalls {
  readonly ledger: Ledger;
  /** Begins every id. */
  readonly round: string;
  /** Told each answer, before anything is done with it. */
  readonly note: (line: string) => void;
  readonly goesOn: () => boolean;
}

/** Sixteen callers, some of whose calls are settled, some released, and some left for the crash. */
export async function callUntilTheEnd(calls: CrashCalls): Promise<void> {
  await Promise.all(Array.from({ length: 16 }, (_, index) => caller(calls, String(index))));
}

async function caller({ ledger, round, note, goesOn }: CrashCalls, name: string): Promise<void> {
  for (let call = 0; goesOn(); call += 1) {
    const id = `${round}.${name}.${call}`;
    const held = await ledger.reserve(
      reserveRequest(id, [draw(team, amount), draw(company, amount)], { expiresInMs: holdLivesMs }),
    );
    if (held.result !== 'held') throw new Error(JSON.stringify(held));
    note(`held ${id}`);
    if (call % 5 === 0) continue;
    const ended =
      call % 5 === 1
        ? await ledger.release({ id, entry: settledEntry(id, costOf('0')) })
        : await ledger.settle({
            id,
            amounts: [new Decimal(amount), new Decimal(amount)],
            entry: settledEntry(id, costOf(amount)),
          });
    if (ended.result !== 'recorded') throw new Error(JSON.stringify(ended));
    // One that came after its hold had run out has an entry of its own.
    note(`${ended.entry.kind} ${ended.entry.id}`);
  }
}
