import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig, parseConfig } from '../src/config.ts';
import { type ProxyUnderTest, proxyUnderTest } from './running-proxy.ts';

let hook: Server;
let url: string;
let one: ProxyUnderTest | undefined;
const texts: string[] = [];

beforeEach(async () => {
  hook = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    texts.push(text);
    response.end();
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
});
afterEach(async () => {
  await one?.close();
  one = undefined;
  hook.close();
  texts.splice(0);
});

const question = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };
const alerts = {
  channels: [{ id: 'ops', type: 'slack', url: 'env:HOOK' }],
  allowAddresses: ['127.0.0.1'],
  rules: [
    { id: 'budget', kind: 'threshold', at: [80], groupWaitSeconds: 0 },
    { id: 'refusals', kind: 'count', of: 'refusals', above: 0, groupWaitSeconds: 0 },
  ],
};

describe('alerts of genops.yaml', () => {
  it('tell of a budget that names no thresholds itself, and of calls that it refuses', async () => {
    one = await proxyUnderTest(
      { alerts, limits: [{ id: 'daily', amount: '0.001', window: 'day', mode: 'enforced' }] },
      { HOOK: url },
    );
    one.upstream.setReply({ usage: { prompt_tokens: 6_000, completion_tokens: 0 } });
    await one.client.chat.completions.create({ ...question, max_completion_tokens: 10 });
    await one.client.chat.completions.create({ ...question, max_completion_tokens: 1_000 }).catch(() => {});
    one.proxy.alerts?.tick();
    await expect.poll(() => texts.length).toBe(2);
    expect(texts.join()).toContain('Limit \\"daily\\" is used to 80 %: 0.0009 of 0.001 USD');
    expect(texts.join()).toContain('1 refusals within 1 minute');
    expect(one.errors).toEqual([]);
  });

  it('are sent before the proxy ends', async () => {
    const slow = [{ ...alerts.rules[0], groupWaitSeconds: 3_600 }];
    const limits = [{ id: 'daily', amount: '0.0001', window: 'day', mode: 'advisory' }];
    one = await proxyUnderTest({ alerts: { ...alerts, rules: slow }, limits }, { HOOK: url });
    one.upstream.setReply({ usage: { prompt_tokens: 6_000, completion_tokens: 0 } });
    await one.client.chat.completions.create(question);
    await one.close();
    expect(texts).toHaveLength(1);
  });

  it('are written as the README writes them', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const rest = 'providers: [{ type: simulated }]\nvirtualKeys: [{ id: k, secret: "env:K" }]\n';
    expect(parseConfig(rest + yaml).alerts?.rules).toMatchObject([{ id: 'search-cost', above: '20' }]);
  });

  it('keep a proxy from starting whose channel has no address, and say which', async () => {
    await expect(proxyUnderTest({ alerts })).rejects.toThrow(
      'alerts channel "ops": url: the environment variable HOOK is not set',
    );
  });

  it('are refused when they are not as they must be, with the path', () => {
    const config = { providers: [{ type: 'simulated' }], virtualKeys: [{ id: 'k', secret: 'env:K' }] };
    expect(() =>
      checkConfig({ ...config, alerts: { ...alerts, rules: [{ id: 'r', kind: 'cost' }] } }),
    ).toThrow('alerts.rules[0].above');
    expect(() => checkConfig({ ...config, alerts: { ...alerts, presets: ['all'] } })).toThrow(
      'alerts.presets[0]',
    );
  });
});
