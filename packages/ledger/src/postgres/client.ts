/** What is needed of a connection; `pg`'s clients have it. */
export interface PostgresClient {
  query(text: string, values?: readonly unknown[]): Promise<PostgresResult>;
  /** Gives the connection back; with an error, it is not used again. */
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is needed of a pool; `new pg.Pool()` has it. */
export interface PostgresPool {
  connect(taken: (error: Error | undefined, client: PostgresClient | undefined) => void): void;
  query(text: string, values?: readonly unknown[]): Promise<PostgresResult>;
}

export interface PostgresResult {
  readonly rows: Readonly<Record<string, unknown>>[];
}
