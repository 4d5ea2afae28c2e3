import { afterAll, describe, expect, it } from 'vitest';
import type { StartedServer, TestServer } from './process.ts';

/**
 * Tests that need a real server. Where there can be none they are reported as skipped, by name and with the
 * reason; with `CI=true` that is a failure.
 */
export function onServer(name: string, started: StartedServer, tests: (server: TestServer) => void): void {
  if (started.result === 'started') {
    describe(`with a real ${name}`, () => {
      afterAll(() => started.server.stop());
      tests(started.server);
    });
    return;
  }
  const missing = `SKIPPED: everything that needs a real ${name} (${started.reason})`;
  if (process.env['CI'] === 'true') {
    it(missing, () => {
      expect.fail(`There is no ${name}: ${started.reason}`);
    });
  } else {
    it.skip(missing, () => {});
  }
}
