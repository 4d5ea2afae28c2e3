import { afterAll, describe, expect, it } from 'vitest';
import type { StartedServer, TestServer } from './process.ts';

/**
 * Tests that need a real server. Where there can be none they are reported as skipped, by name and with the
 * reason; with `CI=true` that is a failure.
 */
export function onServer(name: string, started: StartedServer, tests: (server: TestServer) => void): void {
  if (started.result === 'unavailable') {
    reportMissing(name, started.reason);
    return;
  }
  describe(`with a real ${name}`, () => {
    afterAll(() => started.server.stop());
    tests(started.server);
  });
}

/** Says that tests are skipped for want of something real, and why; with `CI=true` that is a failure. */
export function reportMissing(name: string, reason: string): void {
  const missing = `SKIPPED: everything that needs a real ${name} (${reason})`;
  if (process.env['CI'] === 'true') {
    it(missing, () => {
      expect.fail(`There is no ${name}: ${reason}`);
    });
  } else {
    it.skip(missing, () => {});
  }
}
