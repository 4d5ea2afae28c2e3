import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests run from source: workspace packages resolve to their `src` by this condition, all others as in Node. */
const conditions = ['@genops/source', 'node', 'development|production'];

/** Every package runs `vitest run --config <here> --root .`. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{src,test}/**/*.test.ts', '*.test.ts'],
    setupFiles: [fileURLToPath(new URL('./vitest.setup.ts', import.meta.url))],
    reporters: ['default', 'json'],
    outputFile: { json: '.reports/test.json' },
    // A busy machine is no failure: these only end what hangs.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
