import { LedgerCorruptError } from '../errors.ts';
import { columnOf, groupDimensions } from '../stored/dimensions.ts';
import type { PostgresClient } from './client.ts';

/** Counts up with every change of the tables; stands in `schema_versions`. */
export const schemaVersion = 1;

/**
 * Money is `numeric`, which is exact; instants are milliseconds since 1970, UTC. `head` is the one row that
 * every commit passes through: it gives the ledger one order, and its version says whether what a replica
 * knows is still true.
 */
const steps: readonly ((schema: string) => string)[] = [
  (schema) => `
    CREATE TABLE ${schema}.head (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      version bigint NOT NULL,
      seq bigint NOT NULL,
      hash text NOT NULL
    );
    INSERT INTO ${schema}.head (version, seq, hash) VALUES (0, 0, '');

    CREATE TABLE ${schema}.limit_definitions (
      id integer PRIMARY KEY,
      definition text NOT NULL
    );

    CREATE TABLE ${schema}.counters (
      account text NOT NULL,
      start bigint NOT NULL,
      settled numeric NOT NULL,
      held numeric NOT NULL,
      told integer NOT NULL,
      PRIMARY KEY (account, start)
    ) WITH (fillfactor = 50);

    CREATE TABLE ${schema}.holds (
      id text PRIMARY KEY,
      at bigint NOT NULL,
      expires_at bigint NOT NULL,
      expires_in_ms bigint NOT NULL,
      clamp_steps bigint,
      granted bigint,
      draws text NOT NULL,
      entry text NOT NULL,
      accounts text[] NOT NULL
    );
    CREATE INDEX holds_expires_at ON ${schema}.holds (expires_at);

    CREATE TABLE ${schema}.groups (
      id uuid PRIMARY KEY,
      ${groupDimensions.map((dimension) => `${columnOf(dimension)} text`).join(',\n      ')}
    );

    CREATE TABLE ${schema}.entries (
      seq bigint PRIMARY KEY,
      id text NOT NULL UNIQUE,
      operation_id text NOT NULL,
      at bigint NOT NULL,
      group_id uuid NOT NULL,
      session_id text,
      corrects text,
      currency text NOT NULL,
      cost numeric,
      input_tokens bigint NOT NULL,
      output_tokens bigint NOT NULL,
      body text NOT NULL,
      draws text NOT NULL,
      hash text NOT NULL
    );
    CREATE INDEX entries_at ON ${schema}.entries (at, group_id) INCLUDE (seq);
    CREATE INDEX entries_operation ON ${schema}.entries (operation_id);
    CREATE INDEX entries_session ON ${schema}.entries (session_id) WHERE session_id IS NOT NULL;
    CREATE INDEX entries_corrects ON ${schema}.entries (corrects) WHERE corrects IS NOT NULL;

    CREATE TABLE ${schema}.rollups (
      grain bigint NOT NULL,
      start bigint NOT NULL,
      group_id uuid NOT NULL,
      currency text NOT NULL,
      entries bigint NOT NULL,
      cost numeric NOT NULL,
      input_tokens bigint NOT NULL,
      output_tokens bigint NOT NULL,
      unpriced bigint NOT NULL,
      refused bigint NOT NULL,
      PRIMARY KEY (grain, start, group_id, currency)
    );
    CREATE TABLE ${schema}.rolled_up (until_seq bigint NOT NULL);
    INSERT INTO ${schema}.rolled_up VALUES (0);

    CREATE TABLE ${schema}.retired (
      from_seq bigint PRIMARY KEY,
      until_seq bigint NOT NULL,
      last_hash text NOT NULL
    );

    CREATE TABLE ${schema}.retired_counters (
      account text NOT NULL,
      start bigint NOT NULL,
      settled numeric NOT NULL,
      PRIMARY KEY (account, start)
    );

    CREATE FUNCTION ${schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM ${schema}.retired WHERE OLD.seq BETWEEN from_seq AND until_seq
      ) THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'ledger entries are never changed, nor deleted before they are retired';
    END $$;
    CREATE TRIGGER entries_are_never_changed BEFORE UPDATE OR DELETE ON ${schema}.entries
      FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse_change();
    CREATE FUNCTION ${schema}.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'ledger entries are never deleted before they are retired';
    END $$;
    CREATE TRIGGER entries_are_never_truncated BEFORE TRUNCATE ON ${schema}.entries
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_truncate();
  `,
];

/**
 * Brings the tables to the current version, making them when there are none. All steps are one transaction,
 * and replicas that start together wait for one another.
 *
 * @throws {LedgerCorruptError} when they are of a version that only a newer program knows
 */
export async function migrate(client: PostgresClient, schema: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`genops ledger ${schema}`]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.schema_versions (version integer PRIMARY KEY)`);
    const { rows } = await client.query(
      `SELECT coalesce(max(version), 0) AS version FROM ${schema}.schema_versions`,
    );
    const version = Number(rows[0]?.['version']);
    if (version > schemaVersion) {
      throw new LedgerCorruptError(
        'postgres',
        `schema ${schema} has version ${version}; this program knows ${schemaVersion}. Upgrade @genops/ledger`,
      );
    }
    for (const [index, step] of steps.entries()) {
      if (index < version) continue;
      await client.query(step(schema));
      await client.query(`INSERT INTO ${schema}.schema_versions VALUES ($1)`, [index + 1]);
    }
    await client.query('COMMIT');
  } catch (error) {
    // Without a connection there is nothing to roll back.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
