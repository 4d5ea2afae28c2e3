import { defineConfig } from 'tsup';
import shared from '../../tsup.config.ts';

/** The threads of the SQLite driver are files of their own. */
export default defineConfig({
  ...shared,
  // `node:sqlite` has no name without its prefix.
  removeNodeProtocol: false,
  entry: {
    index: 'src/index.ts',
    memory: 'src/memory.ts',
    sqlite: 'src/sqlite.ts',
    'sqlite-writer': 'src/sqlite-writer.ts',
    'sqlite-reader': 'src/sqlite-reader.ts',
    postgres: 'src/postgres.ts',
    redis: 'src/redis.ts',
    'testing/servers/index': 'src/testing/servers/index.ts',
    'testing/index': 'src/testing/index.ts',
  },
});
