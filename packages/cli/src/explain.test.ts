import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LedgerEntry, type Provider, withAttribution, withBaseUrl } from '@genops/core';
import { createGovernor } from '@genops/governor';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { providerTypes } from '@genops/register/api';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyDirectory, genops as run } from '../test/genops.ts';

let first: FakeUpstream;
let second: FakeUpstream;
let directory: string;
let entries: readonly LedgerEntry[];
const openai = providerTypes.find(({ id }) => id === 'openai') as Provider;

const genops = (...values: string[]) => run(directory, [...values, '--data', join(directory, '.genops')]);
const requestId = (response: Response) => response.headers.get('x-genops-request-id') as string;
let failedOver: string;
let refused: string;

/** A call that fell over to another place, one that was refused, and one with an odd name. */
beforeAll(async () => {
  directory = await emptyDirectory();
  first = await startFakeUpstream();
  second = await startFakeUpstream({ apiKey: 'sk-second' });
  const backup: Provider = {
    ...withBaseUrl(openai, `${second.url}/v1`),
    id: 'backup',
    priceAs: (model) => ({ provider: 'openai', model }),
  };
  const ledger = await openSqliteLedger({ path: join(directory, '.genops', 'ledger.db') });
  const addressed = withBaseUrl(openai, `${first.url}/v1`);
  const governor = createGovernor({
    providers: [addressed, backup],
    ledger,
    routing: {
      strategy: 'failover',
      seed: 'explain',
      routes: [
        {
          models: ['gpt-4o-mini'],
          targets: [
            { provider: 'openai' },
            { provider: 'backup', model: 'gpt-4o', apiKey: { id: 'second', secret: 'sk-second' } },
          ],
        },
      ],
    },
    policy: {
      limits: [{ id: 'search-daily', amount: '0.01', window: 'day', scope: { match: { team: 'search' } } }],
      rules: [{ id: 'no-mini', effect: 'deny', when: { model: 'gpt-4o-mini' }, mode: 'shadow' }],
    },
  });
  const ask = (maxTokens: number): Promise<Response> =>
    withAttribution({ team: 'search', sessionId: 'one', tags: { plan: 'gold' } }, () =>
      governor.fetch(`${addressed.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${first.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'gpt-4o-mini',
          messages: [{ role: 'user', content: 'Hello?' }],
          max_completion_tokens: maxTokens,
        }),
      }),
    );
  second.setReply({ usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } });
  first.setReply({ status: 503, error: { message: 'down' } });
  const answer = await ask(100);
  failedOver = requestId(answer);
  await answer.text();
  const other = await ask(16_000);
  refused = requestId(other);
  await other.text();
  ({ entries } = await ledger.entries());
  // Entries of other writers may hold anything.
  const odd = {
    ...(entries.at(-1) as LedgerEntry),
    id: 'odd.0',
    operationId: 'odd',
    requestModel: 'gpt\u001b[31m',
  };
  await ledger.record(odd);
  entries = [...entries, odd];
  await governor.close();
  await ledger.close();
});
afterAll(async () => {
  await first.close();
  await second.close();
});

describe('genops explain', () => {
  it('shows each attempt with candidates, scores, limits and cost', async () => {
    const { code, output: lines } = await genops('explain', failedOver);
    const output = lines.replace(/\s+/g, ' ');
    expect(code).toBe(0);
    expect(output).toMatch(/^Call .*: chat of gpt-4o-mini, 2 entries/);
    expect(output).toMatch(/for +team=search/);
    expect(output).toMatch(/routing +by failover/);
    expect(output).toMatch(/1\. openai\/gpt-4o-mini: .*score/);
    expect(output).toMatch(/2\. backup\/gpt-4o: score/);
    expect(output).toMatch(/limits +search-daily: \S+ settled and \S+ held of 0\.01 USD/);
    expect(output).toMatch(/shadow +no-mini would have said blocked/);
    expect(output).toMatch(/sent to +backup, .*with key second/);
    expect(output).toMatch(/cost +0\.000125 USD, computed: 10 \w+ at/);
  });

  it('says why a call was refused, with the numbers', async () => {
    const output = (await genops('explain', refused)).output.replace(/\s+/g, ' ');
    expect(output).toMatch(/refused at .*: nothing was sent/);
    expect(output).toMatch(/decision +blocked, BUDGET_EXCEEDED/);
    expect(output).toMatch(/search-daily: .* of 0\.01 USD/);
  });

  it('fits into 80 columns, and does not let values steer the terminal', async () => {
    for (const id of [failedOver, refused, 'odd']) {
      const { output } = await genops('explain', id);
      expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
      expect(output).not.toContain('\u001b');
    }
  });

  it('gives programs its entries, exact', async () => {
    const document = JSON.parse((await genops('explain', `${failedOver}.2`, '--json')).output);
    expect(document).toHaveLength(2);
    expect(document[1]).toMatchObject({
      operationId: failedOver,
      providerKeyId: 'second',
      cost: { total: { amount: '0.000125', currency: 'USD' } },
      decision: { routing: { strategy: 'failover' } },
    });
  });

  it('says that there is no such call', async () => {
    const { code, errors } = await genops('explain', 'nothing');
    expect(code).toBe(2);
    expect(errors).toMatch(/the ledger has no call "nothing"/);
  });
});

describe('genops trace', () => {
  it('lists the attempts of one call in order', async () => {
    const { output } = await genops('trace', failedOver);
    const [, ...lines] = output.split('\n');
    expect(lines[0]).toMatch(/503 +openai\/gpt-4o-mini/);
    expect(lines[1]).toMatch(/settled 200 +backup\/gpt-4o/);
    expect(output).toContain(`genops explain ${failedOver}`);
  });

  it('lists the last of all, of a session, and of one kind', async () => {
    expect(JSON.parse((await genops('trace', '--json')).output)).toHaveLength(entries.length);
    expect(JSON.parse((await genops('trace', '--json', '--last', '1')).output)).toMatchObject([
      { operationId: 'odd', reasonCode: 'BUDGET_EXCEEDED' },
    ]);
    expect(JSON.parse((await genops('trace', '--json', '--session', 'one')).output)).toHaveLength(
      entries.length,
    );
    expect((await genops('trace', '--session', 'two')).output).toBe('Nothing was recorded that fits.\n');
    expect(JSON.parse((await genops('trace', '--json', '--kind', 'refused')).output)).toHaveLength(2);
    const { output } = await genops('trace');
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('refuses kinds and counts that are none', async () => {
    expect((await genops('trace', '--kind', 'lost')).errors).toMatch(/--kind: expected one of settled/);
    expect((await genops('trace', '--last', '0')).errors).toMatch(/--last: expected a number/);
  });
});

describe('genops status', () => {
  it('says what holds, what was spent, and how far limits are used', async () => {
    await writeFile(
      join(directory, 'genops.yaml'),
      'attribution: { team: search }\nlimits: [{ id: search-daily, amount: "0.01", window: day, scope: { match: { team: search } } }]\n',
    );
    const { code, output } = await run(directory, ['status'], { environment: { OPENAI_API_KEY: 'sk-x' } });
    expect(code).toBe(0);
    expect(output).toMatch(/configuration +genops.yaml/);
    expect(output).toMatch(/calls are for +team=search/);
    expect(output).toMatch(/keys of +openai/);
    expect(output).toMatch(/today \(UTC\) +0\.000125 USD in 4 entries, 2 of them refused/);
    expect(output).toMatch(/search-daily +0\.000125 +0\.01 +USD +enforced +\d{4}-/);
    expect(output).not.toContain('sk-x');
    const document = JSON.parse((await run(directory, ['status', '--json'])).output);
    expect(document).toMatchObject({
      ledger: { state: 'there' },
      limits: [{ state: { settled: '0.000125' } }],
    });
  });

  it('holds where nothing is configured and no ledger is', async () => {
    const { code, output } = await run(await emptyDirectory(), ['status']);
    expect(code).toBe(0);
    expect(output).toMatch(/not there yet/);
    expect(output).toMatch(/No limit is configured/);
  });
});

describe('genops version', () => {
  it('is that of the package', async () => {
    const { version } = JSON.parse((await run(directory, ['version', '--json'])).output);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect((await run(directory, ['--version'])).output).toBe(`${version}\n`);
  });
});
