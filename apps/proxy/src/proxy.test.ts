import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteOutbox } from '@genops/alerts/sqlite';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from './config.ts';
import { startProxy } from './proxy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genops-proxy-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const working = {
  server: { port: 0 },
  providers: [{ type: 'simulated' }],
  virtualKeys: [{ id: 'search', secret: 'env:VIRTUAL_KEY' }],
  telemetry: { prometheus: true },
  alerts: { channels: [{ id: 'ops', type: 'slack', url: 'env:HOOK' }], rules: [] },
};
const environment = { VIRTUAL_KEY: 'gk-test-0123456789abcdef', HOOK: 'https://example.com/hook' };

/** Sockets of this process that are listened on, those of the simulated provider among them. */
function servers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;
}

describe('startProxy', () => {
  it.each([
    ['a variable of its alerts', {}, { HOOK: undefined }, 'HOOK'],
    ['a variable of its callers', {}, { VIRTUAL_KEY: undefined }, 'VIRTUAL_KEY'],
    ['its port', 'taken', {}, 'in use'],
  ])('without %s leaves nothing open', async (_, port, variables, message) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const path = join(folder, 'ledger.db');
    const errors: unknown[] = [];
    const before = servers();
    const taken = { port: (other.address() as AddressInfo).port };
    await expect(
      startProxy({
        config: checkConfig({ ...working, ...(port === 'taken' && { server: taken }) }),
        ledger: await openSqliteLedger({ path }),
        environment: { ...environment, ...variables },
        alertOutbox: openSqliteOutbox({ path: join(folder, 'alerts.db') }),
        onError: (error) => errors.push(error),
      }),
    ).rejects.toThrow(message);
    await expect.poll(servers).toBe(before);
    // The lock of the file was let go of.
    await (await openSqliteLedger({ path })).close();
    expect(errors).toEqual([]);
    other.close();
  });
});
