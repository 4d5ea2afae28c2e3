import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfigFile } from './config-file.ts';

async function read(yaml: string): Promise<ReturnType<typeof readConfigFile>> {
  const directory = await mkdtemp(join(tmpdir(), 'genops-file-'));
  await writeFile(join(directory, 'genops.yaml'), yaml);
  return readConfigFile(undefined, directory);
}

describe('readConfigFile', () => {
  it('reads the file of a proxy, routes and keys included', async () => {
    const file = await read(`
server: { port: 8787 }
attribution: { team: search, workflow: nightly, tags: { plan: gold } }
providers: [{ type: openai, keys: [{ id: one, secret: 'env:OPENAI_KEY_1' }] }]
routing: { strategy: cost, routes: [{ models: [small], targets: [{ provider: openai, model: gpt-4o-mini }] }] }
virtualKeys: [{ id: web, secret: 'env:WEB_KEY' }]
`);
    expect(file?.content.attribution).toEqual({
      team: 'search',
      workflow: 'nightly',
      tags: { plan: 'gold' },
    });
  });

  it('takes what the proxy says of its ledger, its operators, telemetry and alerts as nothing of its own', async () => {
    const file = await read(`
ledger: { driver: postgres, url: 'env:DATABASE_URL' }
admin: { secret: 'env:ADMIN_KEY' }
telemetry: { prometheus: true }
alerts: { channels: [{ id: ops, type: slack, url: 'env:SLACK_URL' }] }
debug: true
`);
    expect(file?.content.ledger).toBeUndefined();
    expect((await read('ledger: spend.db'))?.content.ledger).toBe('spend.db');
    await expect(read('ledger: { path: spend.db }')).rejects.toThrow(/ledger/);
  });

  it('refuses attributes that nobody can say in advance, and names nobody knows', async () => {
    await expect(read('attribution: { sessionId: one }')).rejects.toThrow(/attribution/);
    await expect(read('atribution: { team: search }')).rejects.toThrow(/genops.yaml/);
  });
});
