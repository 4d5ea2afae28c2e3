import { amountOf, type Cost, Decimal, type LedgerEntry, money, sumMoney, type Usage } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractPrices, prices } from '../../test/prices.ts';
import { costOf, sampleEntry, unpriced } from '../../test/sample-entry.ts';
import { trafficFrom, trafficUntil } from '../../test/traffic.ts';
import { useTrafficLedger } from '../../test/traffic-ledger.ts';
import type { EntrySource } from '../each-entry.ts';
import { chargeRows, type FocusOptions } from './charge-rows.ts';
import { checkFocusRow } from './check-row.ts';
import { columnsOf, type FocusRow, focusVersions } from './columns.ts';
import { exportFocus, type FocusExportOptions, type FocusReport } from './export-focus.ts';

const options: FocusOptions = { billingAccount: { id: 'acme', name: 'Acme' } };

function rowsOf(entry: LedgerEntry, more: Partial<FocusOptions> = {}): readonly FocusRow[] {
  const rows = chargeRows(entry, { ...options, ...more });
  if (typeof rows === 'string') throw new Error(rows);
  return rows;
}

function priced(usage: Usage, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  const entry = sampleEntry('one', { provider: 'house', requestModel: 'large', usage, ...changes });
  const cost = prices.price({ provider: entry.provider, model: entry.requestModel, at: entry.at, usage });
  return { ...entry, cost };
}

const traffic = useTrafficLedger();

async function exported(more: Partial<FocusExportOptions> = {}, ledger: EntrySource = traffic.ledger) {
  let report: FocusReport | undefined;
  const lines: string[] = [];
  for await (const line of exportFocus(ledger, {
    ...options,
    ...more,
    onEnd: (told) => {
      report = told;
    },
  })) {
    lines.push(line);
  }
  if (report === undefined) throw new Error('expected a report');
  return { lines, report };
}

describe('chargeRows', () => {
  it('has a row for each meter, where unit price times quantity is the cost', () => {
    const rows = rowsOf(priced({ inputTokens: 1500, cacheReadInputTokens: 500, outputTokens: 100 }));
    expect(
      rows.map((row) => [row.SkuMeter, row.ConsumedQuantity, row.PricingQuantity, row.BilledCost]),
    ).toEqual([
      ['input', '1000', '0.001', '0.003'],
      ['cache_read', '500', '0.0005', '0.00015'],
      ['output', '100', '0.0001', '0.0012'],
    ]);
    expect(rows[0]).toMatchObject({
      ListUnitPrice: '3',
      PricingUnit: '1000000 Tokens',
      ConsumedUnit: 'Tokens',
      SkuId: 'house/large',
      SkuPriceId: 'house/large/standard/input',
      BillingPeriodStart: '2026-08-01T00:00:00Z',
      BillingPeriodEnd: '2026-09-01T00:00:00Z',
      ChargePeriodStart: '2026-08-15T12:00:00Z',
      ChargePeriodEnd: '2026-08-15T12:00:01Z',
      Tags: '{"team":"search"}',
      x_PriceId: 'house/large@2026-08-10T00:00:00Z',
    });
    expect(JSON.parse(rows[1]?.SkuPriceDetails ?? '')).toEqual({
      x_ServiceTier: 'standard',
      x_TokenCacheAction: 'Read',
    });
  });

  it('tells list from contracted cost when it is given the list', () => {
    const usage = { inputTokens: 1_000_000 };
    const entry = sampleEntry('one', { provider: 'house', requestModel: 'large', usage });
    const cost = contractPrices.price({ provider: 'house', model: 'large', at: entry.at, usage });
    const [row] = rowsOf({ ...entry, cost }, { listPricing: prices });
    expect(row).toMatchObject({
      ListCost: '3',
      ContractedCost: '2.7',
      EffectiveCost: '2.7',
      BilledCost: '2.7',
    });
    expect(row).toMatchObject({ ListUnitPrice: '3', ContractedUnitPrice: '2.7' });
  });

  it('adjusts what was computed to what the provider reported', () => {
    const usage = { inputTokens: 1_000_000 };
    const at = '2026-08-15T12:00:00.000Z';
    const cost = prices.price({ provider: 'house', model: 'large', at, usage, reportedCost: money('3.5') });
    const rows = rowsOf(sampleEntry('one', { provider: 'house', requestModel: 'large', usage, cost }));
    expect(rows.map((row) => [row.ChargeCategory, row.BilledCost, row.PricingQuantity])).toEqual([
      ['Usage', '3', '1'],
      ['Adjustment', '0.5', null],
    ]);
    expect(rows[1]).toMatchObject({ x_CostSource: 'reported', SkuPriceId: null, ConsumedQuantity: null });
  });

  it('charges a reported cost without meters as one request, and a correction as an adjustment', () => {
    const cost: Cost = { result: 'priced', total: money('0.02'), lines: [], basis: 'reported' };
    expect(rowsOf(sampleEntry('one', { cost }))).toEqual([
      expect.objectContaining({ PricingQuantity: '1', PricingUnit: 'Requests', ListUnitPrice: '0.02' }),
    ]);
    const correction = sampleEntry('two', { kind: 'correction', corrects: 'one.1', cost: costOf('-0.01') });
    expect(rowsOf(correction)).toEqual([
      expect.objectContaining({ ChargeCategory: 'Adjustment', BilledCost: '-0.01' }),
    ]);
  });

  it('has a row for each party that bills, under its own name', () => {
    const once = { quantity: '1', per: '1' };
    const cost: Cost = {
      result: 'priced',
      total: money('0.011'),
      basis: 'reported',
      lines: [
        { meter: 'gateway_fee', ...once, unitPrice: '0.001', subtotal: money('0.001') },
        { meter: 'request', ...once, unitPrice: '0.01', subtotal: money('0.01'), invoiceIssuer: 'anthropic' },
      ],
    };
    const rows = rowsOf(
      sampleEntry('one', { provider: 'openrouter', cost, gateway: { hostProvider: 'aws-bedrock' } }),
    );
    expect(rows.map((row) => [row.SkuMeter, row.InvoiceIssuerName, row.HostProviderName])).toEqual([
      ['gateway_fee', 'OpenRouter', 'AWS'],
      ['request', 'Anthropic', 'AWS'],
    ]);
  });

  it('gives no unit price where a minimum was billed', () => {
    const line = { meter: 'audio_second' as const, quantity: '3', unitPrice: '0.01', per: '1' };
    const cost: Cost = {
      result: 'priced',
      total: money('0.1'),
      basis: 'computed',
      lines: [{ ...line, subtotal: money('0.1') }],
    };
    const [row] = rowsOf(sampleEntry('one', { cost }));
    expect(row).toMatchObject({ ListUnitPrice: null, BilledCost: '0.1', PricingUnit: 'Seconds' });
    expect(row && checkFocusRow(row, '1.4')).toEqual([]);
  });

  it.each([
    ['no_cost', { cost: costOf('0') }],
    ['unpriced', { cost: unpriced }],
    ['virtual_currency', { cost: costOf('1', 'OpenRouter Credits') }],
  ])('says %s rather than write a zero', (reason, changes) => {
    expect(chargeRows(sampleEntry('one', changes), options)).toBe(reason);
  });

  it('adds up to the entry’s cost, whatever it used, and breaks no rule of any version', () => {
    const count = fc.integer({ min: 0, max: 3_000_000 });
    fc.assert(
      fc.property(count, count, count, fc.option(count), (input, read, output, reported) => {
        const usage = { inputTokens: input + read, cacheReadInputTokens: read, outputTokens: output };
        const at = '2026-08-15T12:00:00.000Z';
        const reportedCost = reported === null ? undefined : money(new Decimal(`${reported}e-7`));
        const cost = prices.price({
          provider: 'house',
          model: 'large',
          at,
          usage,
          ...(reportedCost && { reportedCost }),
        });
        const entry = sampleEntry('one', { provider: 'house', requestModel: 'large', usage, cost });
        const rows = chargeRows(entry, options);
        if (typeof rows === 'string') {
          expect(cost.result === 'priced' && amountOf(cost.total)).toBe('0');
          return;
        }
        const billed = sumMoney(rows.map((row) => money(row.BilledCost ?? 'none')));
        expect(amountOf(billed)).toBe(cost.result === 'priced' && amountOf(cost.total));
        for (const row of rows)
          for (const version of focusVersions) expect(checkFocusRow(row, version)).toEqual([]);
      }),
    );
  });
});

describe('columnsOf', () => {
  it('has the provider columns of each version', () => {
    const some = ['ProviderName', 'PublisherName', 'ServiceProviderName', 'HostProviderName'] as const;
    const has = focusVersions.map((version) => some.filter((name) => columnsOf(version).includes(name)));
    expect(has).toEqual([some.slice(0, 2), some, some.slice(2)]);
  });

  it('has own columns after all of FOCUS, which are in alphabetical order', () => {
    const names = columnsOf('1.4');
    const own = names.filter((name) => name.startsWith('x_'));
    expect(names.slice(-own.length)).toEqual(own);
    const focus = names.slice(0, -own.length);
    expect(focus).toEqual([...focus].sort());
  });
});

describe('checkFocusRow', () => {
  const [good] = rowsOf(priced({ inputTokens: 10 }));

  it.each<[Partial<FocusRow>, RegExp]>([
    [{ BilledCost: '1e-7' }, /BilledCost must be a decimal/],
    [{ BilledCost: null }, /BilledCost must not be null/],
    [{ ChargeCategory: 'Fun' }, /ChargeCategory must be one of/],
    [{ ListCost: '5' }, /ListCost must be ListUnitPrice times/],
    [{ SkuPriceId: null }, /PricingQuantity must be null when SkuPriceId is null/],
    [{ ChargePeriodEnd: '2026-08-15T12:00:00Z' }, /ChargePeriodEnd must be after/],
    [{ BillingCurrency: 'Credits' }, /ISO 4217/],
    [{ BillingAccountName: '' }, /BillingAccountName must be a string/],
  ])('finds what is wrong with %j', (changes, problem) => {
    expect(good && checkFocusRow(good, '1.3')).toEqual([]);
    expect(good && checkFocusRow({ ...good, ...changes }, '1.3').join('; ')).toMatch(problem);
  });
});

describe('exportFocus', () => {
  it('writes every charge of a ledger, adding up to its sum', async () => {
    const { lines, report } = await exported({
      format: 'jsonl',
      filter: { from: trafficFrom, until: trafficUntil },
    });
    const rows = lines.map((line) => JSON.parse(line) as FocusRow);
    const [sum] = await traffic.ledger.sum({ by: [], filter: { from: trafficFrom, until: trafficUntil } });
    expect(amountOf(sumMoney(rows.map((row) => money(row.BilledCost ?? 'none'))))).toBe(
      sum && amountOf(sum.cost),
    );
    expect(report).toMatchObject({ rows: rows.length, entries: traffic.entries.length });
    expect(report.withoutCharge.unpriced).toBe(sum?.unpriced);
    for (const row of rows) expect(checkFocusRow(row, '1.3')).toEqual([]);
  });

  it('quotes what CSV cannot hold plainly', async () => {
    const ledger = createMemoryLedger();
    const team = 'a "b", c';
    await ledger.record(priced({ inputTokens: 10 }, { attribution: { team, project: 'x,y' } }));
    const { lines } = await exported({ version: '1.2' }, ledger);
    expect(lines).toHaveLength(2);
    const [header = '', line = ''] = lines;
    const fields = parseCsv(line);
    expect(fields).toHaveLength(parseCsv(header).length);
    const tags = fields[parseCsv(header).indexOf('Tags')] ?? '';
    expect(JSON.parse(tags)).toEqual({ team, project: 'x,y' });
    expect(fields[parseCsv(header).indexOf('ChargeClass')]).toBe('');
    expect(line.endsWith('\r\n')).toBe(true);
  });
});

/** One record of RFC 4180, read the slow way. */
function parseCsv(line: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  const text = line.replace(/\r\n$/, '');
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (quoted && character === '"' && text[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (character === '"') quoted = !quoted;
    else if (character === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else field += character;
  }
  return [...fields, field];
}
