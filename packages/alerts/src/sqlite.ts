export type { SqliteOutboxOptions } from './delivery/sqlite-outbox.ts';
export { openSqliteOutbox } from './delivery/sqlite-outbox.ts';
