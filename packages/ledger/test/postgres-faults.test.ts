import { openPostgresLedger } from '@genops/ledger/postgres';
import { startPostgres, type TestServer } from '@genops/ledger/testing/servers';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  budget,
  costOf,
  decimal,
  draw,
  hold,
  refusedEntry,
  reserveRequest,
  settledEntry,
  spend,
} from '../src/testing/samples.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { postgresStore } from './stores.ts';

const postgres = await startPostgres();
const stateOf = { limit: budget(), bucket: '' };
const unavailable = { code: 'ledger_unavailable' };

onServer('Postgres', postgres, (server: TestServer) => {
  const { url } = server;
  let store: ReturnType<typeof postgresStore>;

  beforeEach(() => {
    store = postgresStore(url);
  });

  afterEach(() => store.remove());

  const open = (timeoutMs = 2000) =>
    openPostgresLedger({ pool: store.pool, schema: store.schema, timeoutMs });

  describe('a wire that breaks', () => {
    let proxy: FaultProxy;
    let pool: Pool;

    beforeEach(async () => {
      const { hostname, port } = new URL(url);
      proxy = await startFaultProxy({ host: hostname, port: Number(port) });
      const wired = new URL(url);
      wired.port = String(proxy.port);
      pool = new Pool({ connectionString: wired.href, max: 3 });
      pool.on('error', () => {});
    });

    afterEach(async () => {
      await pool.end();
      await proxy.close();
    });

    it('between the commit and its answer leaves exactly one effect of each call', async () => {
      const ledger = await openPostgresLedger({ pool, schema: store.schema });
      for (let round = 0; round < 10; round += 1) {
        const id = `call-${round}`;
        proxy.loseAnswerTo(id);
        await hold(ledger, reserveRequest(id, [draw(budget(), '0.05')]));
        proxy.loseAnswerTo(id);
        const end = { id, amounts: [decimal('0.05')], entry: settledEntry(id, costOf('0.05')) };
        expect(await ledger.settle(end)).toMatchObject({ result: 'recorded' });
      }
      expect(await ledger.states([stateOf])).toMatchObject([{ settled: '0.5', held: '0' }]);
      expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 10, findings: [] });
      await ledger.close();
    });

    it('that is clogged refuses within the time given, and goes on afterwards', async () => {
      const ledger = await openPostgresLedger({ pool, schema: store.schema, timeoutMs: 300 });
      await spend(ledger, 'a', budget(), '0.1');
      proxy.clog(true);
      const started = performance.now();
      const calls = ['b', 'c'].map((id) => ledger.reserve(reserveRequest(id, [draw(budget(), '0.2')])));
      for (const call of calls) await expect(call).rejects.toMatchObject(unavailable);
      expect(performance.now() - started).toBeLessThan(2000);
      proxy.clog(false);
      await expect
        .poll(() => ledger.states([stateOf]).catch(() => undefined))
        .toMatchObject([{ settled: '0.1' }]);
      await hold(ledger, reserveRequest('b', [draw(budget(), '0.2')]));
      expect(await ledger.verify()).toMatchObject({ result: 'intact' });
      await ledger.close();
    });
  });

  it('waits for a lock no longer than it may', async () => {
    const ledger = await open(300);
    await spend(ledger, 'a', budget(), '0.1');
    const other = await store.pool.connect();
    await other.query(`BEGIN; LOCK TABLE ${store.schema}.head`);
    await expect(ledger.reserve(reserveRequest('b', [draw(budget(), '0.2')]))).rejects.toMatchObject(
      unavailable,
    );
    await other.query('ROLLBACK');
    other.release();
    await hold(ledger, reserveRequest('b', [draw(budget(), '0.2')]));
    expect(await ledger.states([stateOf])).toMatchObject([{ settled: '0.1', held: '0.2' }]);
    await ledger.close();
  });

  it('refuses tables of a newer version', async () => {
    await (await open()).close();
    await store.pool.query(`INSERT INTO ${store.schema}.schema_versions VALUES (99)`);
    await expect(open()).rejects.toMatchObject({
      code: 'ledger_corrupt',
      message: expect.stringContaining('version 99'),
    });
  });

  it('can be opened by many at the same time when there are no tables yet', async () => {
    const ledgers = await Promise.all(Array.from({ length: 6 }, () => open()));
    expect(await ledgers[0]?.verify()).toMatchObject({ result: 'intact' });
    for (const ledger of ledgers) await ledger.close();
  });

  it('sums up what several replicas write at the same time', { timeout: 30_000 }, async () => {
    const ledgers = await Promise.all([open(20_000), open(20_000), open(20_000)]);
    const total = 12_000;
    await Promise.all(
      Array.from({ length: total }, (_, number) =>
        ledgers[number % ledgers.length]?.record(
          refusedEntry(`entry-${number}`, { attribution: { team: `team-${number % 7}` } }),
        ),
      ),
    );
    const sums = await ledgers[0].sum({ by: ['team'] });
    expect(sums.reduce((sum, { entries }) => sum + entries, 0)).toBe(total);
    const { rows } = await store.pool.query(`SELECT until_seq FROM ${store.schema}.rolled_up`);
    expect(Number(rows[0].until_seq)).toBeGreaterThan(0);
    expect(await ledgers[0].verify()).toMatchObject({ result: 'intact', entries: total, findings: [] });
    for (const ledger of ledgers) await ledger.close();
  });

  it('takes no schema name that would need quotes', async () => {
    const odd = openPostgresLedger({ pool: store.pool, schema: 'a"; DROP TABLE x; --' });
    await expect(odd).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('does not let entries be changed in passing', async () => {
    const ledger = await open();
    await spend(ledger, 'a', budget(), '0.1');
    for (const statement of [
      `UPDATE ${store.schema}.entries SET body = ''`,
      `DELETE FROM ${store.schema}.entries`,
      `TRUNCATE ${store.schema}.entries`,
    ]) {
      await expect(store.pool.query(statement)).rejects.toThrow('ledger entries are never');
    }
    await store.pool.query(
      `ALTER TABLE ${store.schema}.entries DISABLE TRIGGER ALL; UPDATE ${store.schema}.entries SET body = replace(body, '0.1', '0.01')`,
    );
    expect(await ledger.verify()).toMatchObject({ result: 'damaged' });
    await ledger.close();
  });

  it.runIf(process.env['GENOPS_TEST_POSTGRES_URL'] === undefined)(
    'loses nothing that was acknowledged when the server is killed again and again',
    { timeout: 60_000 },
    async () => {
      const ledger = await open(10_000);
      const acknowledged: string[] = [];
      let stopped = false;
      async function caller(name: number): Promise<void> {
        for (let call = 0; !stopped; call += 1) {
          const id = `${name}.${call}`;
          await hold(ledger, reserveRequest(id, [draw(budget({ amount: '1000' }), '0.01')]));
          await ledger.settle({ id, amounts: [decimal('0.01')], entry: settledEntry(id, costOf('0.01')) });
          acknowledged.push(id);
        }
      }
      const callers = Promise.all(Array.from({ length: 8 }, (_, name) => caller(name)));
      for (let cycle = 0; cycle < 5; cycle += 1) {
        await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 150));
        await server.kill();
        await server.restart();
      }
      stopped = true;
      await callers;
      expect(acknowledged.length).toBeGreaterThan(50);
      const total = decimal('0.01').times(String(acknowledged.length)).toFixed();
      expect(await ledger.states([stateOf])).toMatchObject([{ settled: total, held: '0' }]);
      expect(await ledger.verify()).toMatchObject({
        result: 'intact',
        entries: acknowledged.length,
        findings: [],
      });
      await ledger.close();
    },
  );
});
