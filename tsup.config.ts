import { defineConfig } from 'tsup';

/** JavaScript of every package. Declarations come from `tsc -p tsconfig.build.json`, which runs after. */
export default defineConfig({
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
  dts: false,
  silent: true,
});
