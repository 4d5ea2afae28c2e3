import { defineConfig } from 'tsup';
import shared from '../../tsup.config.ts';

export default defineConfig({
  ...shared,
  // `node:sqlite` has no name without its prefix.
  removeNodeProtocol: false,
  entry: { index: 'src/index.ts', sqlite: 'src/sqlite.ts', email: 'src/email.ts' },
});
