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

    it('in the packet that says the server is ready is an error of the call, and ends no process', async () => {
      const open = () => openPostgresLedger({ pool, schema: store.schema });
      proxy.goDownWhenReady(1);
      await expect(open()).rejects.toMatchObject(unavailable);
      const ledger = await open();
      await spend(ledger, 'a', budget(), '0.1');
      // The wire for writing, and the one that it is replaced by.
      proxy.clog(true);
      proxy.goDownWhenReady(2);
      proxy.clog(false);
      await expect.poll(() => hold(ledger, reserveRequest('b', [draw(budget(), '0.2')]))).toBeDefined();
      expect(await ledger.verify()).toMatchObject({ result: 'intact', findings: [] });
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

  it.each([
    ['40001', 'a serialization failure'],
    ['40P01', 'a deadlock'],
    ['57014', 'a statement that took too long'],
    ['55P03', 'a lock that was not to be had'],
  ])('does the same again, with the same ids, after %s (%s)', async (code) => {
    const ledger = await open();
    await spend(ledger, 'a', budget(), '0.1');
    // The first two commits fail; a sequence counts what a rolled back transaction cannot.
    await store.pool.query(`
      CREATE SEQUENCE ${store.schema}.failures;
      CREATE FUNCTION ${store.schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('${store.schema}.failures') <= 2 THEN RAISE EXCEPTION USING ERRCODE = '${code}'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE UPDATE ON ${store.schema}.head FOR EACH ROW EXECUTE FUNCTION ${store.schema}.fail();
    `);
    const calls = ['b', 'c'].map((id) => hold(ledger, reserveRequest(id, [draw(budget(), '0.2')])));
    await Promise.all(calls);
    const { rows } = await store.pool.query(`SELECT last_value FROM ${store.schema}.failures`);
    expect(Number(rows[0].last_value)).toBeGreaterThanOrEqual(3);
    expect(await ledger.states([stateOf])).toMatchObject([{ settled: '0.1', held: '0.4' }]);
    expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 1 });
    await ledger.close();
  });

  it('gives up in time on a store that fails for ever, and leaves nothing half done', async () => {
    const ledger = await open(400);
    await spend(ledger, 'a', budget(), '0.1');
    await store.pool.query(`
      CREATE FUNCTION ${store.schema}.fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$;
      CREATE TRIGGER fail BEFORE INSERT ON ${store.schema}.holds FOR EACH ROW EXECUTE FUNCTION ${store.schema}.fail();
    `);
    const started = performance.now();
    await expect(ledger.reserve(reserveRequest('b', [draw(budget(), '0.2')]))).rejects.toMatchObject(
      unavailable,
    );
    expect(performance.now() - started).toBeLessThan(3000);
    expect(await ledger.states([stateOf])).toMatchObject([{ settled: '0.1', held: '0' }]);
    await ledger.close();
  });

  it('refuses in time while others use every connection of its pool, and goes on afterwards', async () => {
    const pool = new Pool({ connectionString: url, max: 1 });
    const ledger = await openPostgresLedger({ pool, schema: store.schema, timeoutMs: 300 });
    const other = await pool.connect();
    const started = performance.now();
    const calls = Array.from({ length: 200 }, (_, call) =>
      ledger.reserve(reserveRequest(`call-${call}`, [draw(budget(), '0.001')])),
    );
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: 'rejected', reason: unavailable });
    }
    expect(performance.now() - started).toBeLessThan(2000);
    other.release();
    await hold(ledger, reserveRequest('a', [draw(budget(), '1')]));
    await ledger.close();
    await pool.end();
  });

  it.each([
    'pg_advisory_xact_lock',
    'CREATE SCHEMA',
    'schema_versions (version',
    'coalesce(max(version)',
    'CREATE TABLE',
    'INSERT INTO',
    'COMMIT',
  ])('is whole or not there when making its tables is cut off at %s', async (statement) => {
    const { hostname, port } = new URL(url);
    const proxy = await startFaultProxy({ host: hostname, port: Number(port) });
    const wired = new URL(url);
    wired.port = String(proxy.port);
    const pool = new Pool({ connectionString: wired.href, max: 1 });
    pool.on('error', () => {});
    proxy.loseAnswerTo(statement);
    await expect(openPostgresLedger({ pool, schema: store.schema })).rejects.toMatchObject(unavailable);
    await pool.end();
    await proxy.close();
    const ledger = await open();
    await spend(ledger, 'a', budget(), '0.1');
    expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 1 });
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
