import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, callersKey, folderWith, run } from './programs.ts';

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream({ apiKey: 'sk-canary-0123456789' });
});
afterAll(() => upstream.close());

describe('a proxy that logs JSON', () => {
  it('writes an object a line: what happened and what it cost, never what was said nor a secret', async () => {
    const { file, folder } = await folderWith(`
server: { port: 0 }
providers: [{ type: openai, baseUrl: "${upstream.url}/v1", apiKey: env:UPSTREAM_KEY }]
virtualKeys: [{ id: search, secret: env:VIRTUAL_KEY, attribution: { team: search, userId: canary-user } }]
limits: [{ id: cap, amount: "0.001", window: lifetime, thresholds: [0.1] }]
rules: [{ id: no-o1, effect: deny, when: { model: ["o1*"] } }]
`);
    const environment = {
      UPSTREAM_KEY: upstream.apiKey,
      VIRTUAL_KEY: callersKey,
      GENOPS_LOG: 'json',
    };
    const program = run(['--config', file, '--data', folder], environment);
    const url = await program.url;
    upstream.setReply({ text: 'canary-answer' });
    await (await ask(url, { messages: [{ role: 'user', content: 'canary-prompt' }] })).arrayBuffer();
    await (await ask(url, { model: 'o1', messages: [{ role: 'user', content: 'canary-prompt' }] })).text();
    program.process.kill('SIGHUP');
    await expect.poll(program.output, { timeout: 30_000 }).toContain('configuration_in_force');
    program.process.kill('SIGTERM');
    expect(await program.exited).toBe(0);

    const lines = program
      .output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const names = lines.map(({ event }) => event);
    for (const name of ['listening', 'call', 'threshold', 'refused', 'stopping', 'stopped'])
      expect(names).toContain(name);
    expect(lines.find(({ event }) => event === 'call')).toMatchObject({
      level: 'info',
      provider: 'openai',
      requestModel: 'gpt-4o-mini',
      outcome: 'completed',
      team: 'search',
      keyId: 'search',
      currency: 'USD',
      cost: expect.stringMatching(/^0\.0/),
      inputTokens: expect.any(Number),
      durationMs: expect.any(Number),
    });
    expect(lines.every(({ time }) => !Number.isNaN(Date.parse(String(time))))).toBe(true);
    expect(program.output()).not.toMatch(/canary|gk-0123/);
    expect(program.errors()).toBe('');
  });

  it('says in a line why it does not start', async () => {
    const { file, folder } = await folderWith('providers: []\n');
    const program = run(['--config', file, '--data', folder, '--log', 'json']);
    expect(await program.exited).toBe(1);
    expect(JSON.parse(program.output())).toMatchObject({
      level: 'error',
      event: 'failed_to_start',
      code: 'invalid_configuration',
      message: expect.stringContaining('genops.yaml: providers'),
    });
  });

  it('goes on serving when nobody reads what it logs', async () => {
    const { file, folder } = await folderWith(`
server: { port: 0 }
providers: [{ type: openai, baseUrl: "${upstream.url}/v1", apiKey: env:UPSTREAM_KEY }]
virtualKeys: [{ id: search, secret: env:VIRTUAL_KEY }]
`);
    const program = run(['--config', file, '--data', folder, '--log', 'json'], {
      UPSTREAM_KEY: upstream.apiKey,
      VIRTUAL_KEY: callersKey,
    });
    const url = await program.url;
    program.process.stdout?.pause();
    for (let round = 0; round < 60; round += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(url)));
      for (const answer of answers) {
        expect(answer.status).toBe(200);
        await answer.arrayBuffer();
      }
    }
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    program.process.stdout?.resume();
  });
});
