import type { LedgerEntry } from '@genops/core';
import { describe, expect, it } from 'vitest';
import type { EntryFilter, EntryQuery, Ledger, SumRow } from '../ledger.ts';
import type { Bench } from './ledger-driver.ts';
import { costOf, decimal, refusedEntry, reserveRequest, settledEntry, startOfTest } from './samples.ts';

const hourMs = 3_600_000;

export function testReading({ ledger, clock }: Bench): void {
  /** One settled call. */
  async function call(id: string, cost: string, changes: Partial<LedgerEntry> = {}): Promise<void> {
    const entry = settledEntry(id, costOf(cost), {
      usage: { inputTokens: 100, outputTokens: 10 },
      ...changes,
    });
    const { cost: _cost, outcome: _outcome, usage: _usage, ...held } = entry;
    await ledger().reserve({ ...reserveRequest(id, []), entry: held });
    await ledger().settle({ id, amounts: [], entry });
  }

  describe('entries', () => {
    it('come back as they were written', async () => {
      const entry = settledEntry('a', {
        result: 'priced',
        total: { amount: decimal('0.0000415'), currency: 'USD' },
        lines: [
          {
            meter: 'input',
            quantity: '83',
            unitPrice: '0.5',
            per: '1000000',
            subtotal: { amount: decimal('0.0000415'), currency: 'USD' },
          },
        ],
        basis: 'reported',
        computed: {
          total: { amount: decimal('0.00004'), currency: 'USD' },
          difference: { amount: decimal('0.0000015'), currency: 'USD' },
        },
      });
      const held = { amount: decimal('1.25'), currency: 'USD' };
      await ledger().reserve(reserveRequest('a', []));
      await ledger().settle({ id: 'a', amounts: [], entry: { ...entry, held } });
      const [read] = (await ledger().entries()).entries;
      expect(read).toEqual({
        ...entry,
        held,
        id: 'a',
        kind: 'settled',
        at: startOfTest,
        endedAt: startOfTest,
      });
      expect(read?.held?.amount.plus(decimal('1')).toFixed()).toBe('2.25');
    });

    it('come in pages, in the order in which they were written', async () => {
      for (let index = 0; index < 7; index += 1) await call(`call-${index}`, '0.01');
      const pages: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await ledger().entries({ pageSize: 3, ...(cursor !== undefined && { cursor }) });
        pages.push(page.entries.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(pages).toEqual([['call-0', 'call-1', 'call-2'], ['call-3', 'call-4', 'call-5'], ['call-6']]);
    });

    it('come newest first when they are asked for like that', async () => {
      for (let index = 0; index < 5; index += 1) {
        await call(`call-${index}`, '0.01', { attribution: { team: index % 2 === 0 ? 'even' : 'odd' } });
      }
      const ids = async (query: EntryQuery) => {
        const { entries, nextCursor } = await ledger().entries({ ...query, order: 'newest_first' });
        return [entries.map(({ id }) => id).join(), nextCursor] as const;
      };
      const [first, cursor = ''] = await ids({ pageSize: 2 });
      expect(first).toBe('call-4,call-3');
      const [second, next = ''] = await ids({ pageSize: 2, cursor });
      expect(second).toBe('call-2,call-1');
      expect(await ids({ pageSize: 2, cursor: next })).toEqual(['call-0', undefined]);
      expect(await ids({ filter: { match: { team: ['even'] } } })).toEqual([
        'call-4,call-2,call-0',
        undefined,
      ]);
      expect(await ids({ filter: { operationId: 'operation-call-1' } })).toEqual(['call-1', undefined]);
    });

    it.each<[string, EntryFilter, string[]]>([
      ['operation', { operationId: 'shared' }, ['c', 'd']],
      ['kind', { kind: ['refused'] }, ['r']],
      ['dimension', { match: { team: ['ads'] } }, ['b']],
      ['several values', { match: { team: ['ads', 'search'], model: ['gpt-4o'] } }, ['a', 'b']],
      ['tag', { match: { 'tags.release': ['7'] } }, ['c']],
      ['session', { match: { sessionId: ['s1'] } }, ['d']],
      ['everything at once', { match: { team: ['ads'], 'tags.release': ['7'] } }, []],
      [
        'time, its end excluded',
        { from: '2026-08-15T13:00:00.000Z', until: '2026-08-15T15:00:00.000Z' },
        ['b', 'c'],
      ],
      ['a value that nobody has', { match: { team: ["x' OR 1=1 --"] } }, []],
    ])('are found by %s', async (_, filter, ids) => {
      await call('a', '0.1', { requestModel: 'gpt-4o' });
      clock().advance(hourMs);
      await call('b', '0.2', { requestModel: 'gpt-4o', attribution: { team: 'ads' } });
      clock().advance(hourMs);
      await call('c', '0.3', {
        operationId: 'shared',
        attribution: { team: 'search', tags: { release: '7' } },
      });
      clock().advance(hourMs);
      await call('d', '0.4', { operationId: 'shared', attribution: { team: 'search', sessionId: 's1' } });
      await ledger().record(refusedEntry('r', { at: clock().now().toISOString() }));
      expect((await ledger().entries({ filter })).entries.map(({ id }) => id)).toEqual(ids);
    });

    it.each([{ pageSize: 0 }, { pageSize: 1.5 }, { cursor: 'x' }, { filter: { from: 'yesterday' } }])(
      'reject a question that cannot be meant: %o',
      async (query) => {
        await expect(ledger().entries(query)).rejects.toMatchObject({ code: 'invalid_configuration' });
      },
    );
  });

  describe('sum', () => {
    it('adds up exactly, by any dimension', async () => {
      await call('a', '0.100000000001', { attribution: { team: 'ads', tags: { release: '7' } } });
      await call('b', '0.2', { attribution: { team: 'ads' }, requestModel: 'gpt-4o' });
      await call('c', '0.4', { attribution: {} });
      await ledger().record(refusedEntry('r', { attribution: { team: 'ads' } }));
      expect(await sums(ledger(), ['team'])).toEqual([
        'null 0.4 USD 1 100/10 0 0',
        'ads 0.300000000001 USD 3 200/20 0 1',
      ]);
      expect(await sums(ledger(), ['tags.release'])).toEqual([
        'null 0.6 USD 3 200/20 0 1',
        '7 0.100000000001 USD 1 100/10 0 0',
      ]);
      expect(await sums(ledger(), ['team', 'model'], { kind: ['settled'] })).toEqual([
        'null,gpt-4o-mini 0.4 USD 1 100/10 0 0',
        'ads,gpt-4o 0.2 USD 1 100/10 0 0',
        'ads,gpt-4o-mini 0.100000000001 USD 1 100/10 0 0',
      ]);
      expect(await sums(ledger(), [])).toEqual([' 0.700000000001 USD 4 300/30 0 1']);
    });

    it('keeps currencies apart, and counts what has no price', async () => {
      await call('a', '1');
      await call('b', '0', { cost: costOf('3', 'EUR') });
      await call('c', '0', {
        cost: { result: 'unpriced', reason: 'unknown_model', message: 'No price is known' },
      });
      expect(await sums(ledger(), [])).toEqual([' 3 EUR 1 100/10 0 0', ' 1 USD 2 200/20 1 0']);
    });

    it('covers exactly the time asked for', async () => {
      const step = 7 * 60_000;
      for (let index = 0; index < 30; index += 1) {
        await call(`call-${index}`, '0.01');
        clock().advance(step);
      }
      const start = Date.parse(startOfTest);
      for (const [from, until] of [
        [0, 30],
        [1, 29],
        [3, 4],
        [5, 17],
      ] as const) {
        const filter = {
          from: new Date(start + from * step).toISOString(),
          until: new Date(start + until * step).toISOString(),
        };
        const [row] = await ledger().sum({ by: [], filter });
        expect(row?.entries).toBe(until - from);
        expect(row?.cost.amount.toFixed()).toBe(
          decimal('0.01')
            .times(String(until - from))
            .toFixed(),
        );
      }
    });

    it('is empty when nothing is found', async () => {
      expect(await ledger().sum({ by: ['team'] })).toEqual([]);
    });
  });
}

async function sums(ledger: Ledger, by: readonly string[], filter?: EntryFilter): Promise<string[]> {
  const rows = await ledger.sum({ by, ...(filter !== undefined && { filter }) });
  return rows.map((row: SumRow) => {
    const group = by
      .map((name) => row.group[name])
      .map(String)
      .join(',');
    const cost = `${row.cost.amount.toFixed()} ${row.cost.currency}`;
    return `${group} ${cost} ${row.entries} ${row.inputTokens}/${row.outputTokens} ${row.unpriced} ${row.refused}`;
  });
}
