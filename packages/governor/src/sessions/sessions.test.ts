import { amountOf, type Money, type SessionReport, withAttribution } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from '../index.ts';

let upstream: FakeUpstream;
let governor: Governor;
let client: OpenAI;
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});

function govern(options: Partial<GovernorOptions> = {}): void {
  governor = createGovernor({
    providers: [openai],
    ledger: createMemoryLedger(),
    attribution: { team: 'support' },
    onError: (error) => errors.push(error),
    ...options,
  });
  const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
  client = governor.wrap(bare, { provider: openai });
  upstream.setReply({ usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 } });
}

/** 1000 × 0.15 + 100 × 0.60, per million. */
const cost = '0.00021';
const ask = (maxTokens = 100) =>
  client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Where is my parcel?' }],
    max_completion_tokens: maxTokens,
  });
const inTotal = (costs: readonly Money[]): string[] => costs.map(amountOf);

describe('startSession', () => {
  it('says what its calls came to, and marks them', async () => {
    govern();
    const session = governor.startSession({
      name: 'chat',
      id: 'conversation-7',
      attribution: { feature: 'help' },
    });
    await session.run(ask);
    await session.run(ask);
    await ask();
    expect(session.report()).toMatchObject({
      id: 'conversation-7',
      name: 'chat',
      path: '',
      state: 'open',
      calls: 2,
      attempts: 2,
      failed: 0,
      refused: 0,
      inputTokens: 2000,
      outputTokens: 200,
    });
    const report = await session.close();
    expect(report.state).toBe('completed');
    expect(inTotal(report.costs)).toEqual(['0.00042']);
    const { entries } = await governor.ledger.entries({
      filter: { match: { sessionId: ['conversation-7'] } },
    });
    expect(entries.map(({ attribution }) => attribution)).toEqual(
      Array(2).fill({ team: 'support', workflow: 'chat', sessionId: 'conversation-7', feature: 'help' }),
    );
  });

  it('claims calls made through its fetch wherever they are made', async () => {
    upstream.setReply({});
    const provider = { ...openai, baseUrl: `${upstream.url}/v1` };
    govern({ providers: [provider] });
    const session = governor.startSession();
    const own = new OpenAI({ baseURL: provider.baseUrl, apiKey: upstream.apiKey, fetch: session.fetch });
    await own.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }] });
    expect(session.report().calls).toBe(1);
  });

  it('is closed by its block, and takes no call after that', async () => {
    govern();
    let kept: ReturnType<Governor['startSession']>;
    {
      await using session = governor.startSession({ name: 'block' });
      kept = session;
      await session.run(ask);
    }
    expect(kept.report()).toMatchObject({ state: 'completed', calls: 1 });
    expect(() => kept.run(ask)).toThrow('session "block": expected to be open; it was closed before');
  });

  it('waits on closing until calls under way are settled', async () => {
    govern();
    upstream.holdResponses();
    const session = governor.startSession();
    const answers = [session.run(ask), session.run(ask)];
    await upstream.waitForHeld(2);
    const closed = session.close();
    upstream.releaseAll();
    expect((await closed).calls).toBe(2);
    await Promise.all(answers);
  });

  it('counts a stream once it has been read', async () => {
    govern();
    const session = governor.startSession();
    const stream = await session.run(() =>
      client.chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'x' }],
        stream: true,
      }),
    );
    let chunks = 0;
    for await (const _ of stream) chunks += 1;
    expect(chunks).toBeGreaterThan(1);
    expect(inTotal((await session.close()).costs)).toEqual([cost]);
  });

  it('keeps the calls of sessions that run at the same time apart', async () => {
    govern();
    const reports = await Promise.all(
      [1, 2, 3, 4, 5].map(async (count) => {
        const session = governor.startSession({ name: `n${count}` });
        await session.run(() => Promise.all(Array.from({ length: count }, () => ask())));
        return session.close();
      }),
    );
    expect(reports.map(({ calls }) => calls)).toEqual([1, 2, 3, 4, 5]);
    expect(reports.map(({ costs }) => inTotal(costs)[0])).toEqual([
      '0.00021',
      '0.00042',
      '0.00063',
      '0.00084',
      '0.00105',
    ]);
  });

  it('takes its id from the attributes around it', () => {
    govern();
    const session = withAttribution({ sessionId: 'from-context' }, () => governor.startSession());
    expect(session.id).toBe('from-context');
  });

  it('inside another session is a step of it', async () => {
    govern();
    const outer = governor.startSession({ name: 'outer' });
    await outer.run(async () => {
      const inner = governor.startSession({ name: 'inner' });
      expect(inner.id).toBe(outer.id);
      await inner.run(ask);
      expect(() => governor.startSession({ id: 'another' })).toThrow(/started inside that session/);
    });
    expect(outer.report()).toMatchObject({ calls: 1, steps: [{ name: 'inner', calls: 1 }] });
  });
});

describe('budget', () => {
  it('refuses the call that does not fit, and says whose budget it was', async () => {
    govern();
    const session = governor.startSession({ name: 'cheap chat', budget: { amount: '0.0005' } });
    await session.run(ask);
    await session.run(ask);
    await expect(session.run(ask)).rejects.toMatchObject({
      status: 429,
      code: 'budget_exceeded',
      message: expect.stringContaining('Limit "session.cheap-chat" has 0.00008 USD left'),
    });
    await ask();
    expect(session.report()).toMatchObject({ calls: 2, refused: 1 });
    expect(upstream.requests).toHaveLength(3);
  });

  it('is never overspent by calls at the same time', async () => {
    govern();
    upstream.setReply({ usage: { prompt_tokens: 20, completion_tokens: 100, total_tokens: 120 } });
    const session = governor.startSession({ budget: { amount: '0.001' } });
    const results = await session.run(() => Promise.allSettled(Array.from({ length: 20 }, () => ask())));
    const report = await session.close();
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(report.calls);
    expect(report.refused).toBe(20 - report.calls);
    expect(report.calls).toBeGreaterThan(0);
    expect(Number(inTotal(report.costs)[0])).toBeLessThanOrEqual(0.001);
  });

  it('goes on where a session with the same id left it', async () => {
    govern();
    const options = { id: 'job-1', name: 'job', budget: { amount: '0.0005' } };
    const first = governor.startSession(options);
    await first.run(ask);
    await first.run(ask);
    await first.close();
    const second = governor.startSession(options);
    await expect(second.run(ask)).rejects.toMatchObject({ code: 'budget_exceeded' });
    const other = governor.startSession({ ...options, id: 'job-2' });
    await other.run(ask);
  });

  it('of a workflow binds its steps, and that of a step only the step', async () => {
    govern();
    const workflow = governor.startSession({ name: 'workflow', budget: { amount: '0.0007' } });
    await expect(
      workflow.step({ name: 'draft', budget: { amount: '0.0003' } }, async () => {
        await ask();
        await ask();
      }),
    ).rejects.toMatchObject({ message: expect.stringContaining('"session.draft"') });
    await workflow.step('review', () => ask());
    await workflow.step('publish', () => ask());
    await expect(workflow.step('report', () => ask())).rejects.toMatchObject({
      message: expect.stringContaining('"session.workflow"'),
    });
  });

  it('only warns when it is advisory', async () => {
    govern();
    const session = governor.startSession({ budget: { amount: '0.0001', mode: 'advisory' } });
    await session.run(ask);
    const [entry] = (await governor.ledger.entries()).entries;
    expect(entry?.decision).toMatchObject({ verdict: 'warning', reasonCode: 'BUDGET_EXCEEDED' });
  });

  it('never refuses while the governor observes', async () => {
    govern({ mode: 'observe' });
    const session = governor.startSession({ budget: { amount: '0.0000001' } });
    await session.run(ask);
    const [entry] = (await governor.ledger.entries()).entries;
    expect(entry?.decision).toMatchObject({ verdict: 'allowed', wouldHave: [{ verdict: 'blocked' }] });
  });

  it('refuses what has no price', async () => {
    govern();
    const session = governor.startSession({ budget: { amount: '1' } });
    await expect(
      session.run(() =>
        client.chat.completions.create({
          model: 'nobody-knows-me',
          messages: [{ role: 'user', content: 'x' }],
        }),
      ),
    ).rejects.toMatchObject({ code: 'unpriced_model' });
    expect(upstream.requests).toHaveLength(0);
  });

  it('tells of each threshold once', async () => {
    govern();
    const crossed: number[] = [];
    governor.on((event) => event.kind === 'threshold' && crossed.push(event.threshold));
    const session = governor.startSession({ budget: { amount: '0.001', thresholds: [20, 50] } });
    for (let call = 0; call < 4; call += 1) await session.run(ask);
    expect(crossed).toEqual([20, 50]);
  });
});

describe('step', () => {
  it('prices steps one by one, nested ones inside their own', async () => {
    govern();
    const workflow = governor.startSession({ name: 'content_creation' });
    await workflow.step('outline', () => ask());
    await workflow.step('write', async (write) => {
      await ask();
      await write.step('check', () => ask());
      await write.step('check', () => ask());
    });
    const report = await workflow.close();
    const shown = (step: SessionReport): unknown => [
      step.path,
      step.calls,
      inTotal(step.costs)[0],
      step.steps.map(shown),
    ];
    expect(shown(report)).toEqual([
      '',
      4,
      '0.00084',
      [
        ['outline', 1, '0.00021', []],
        [
          'write',
          3,
          '0.00063',
          [
            ['write/check', 1, '0.00021', []],
            ['write/check#2', 1, '0.00021', []],
          ],
        ],
      ],
    ]);
    const rows = await governor.ledger.sum({ by: ['sessionId', 'tags.step'] });
    expect(rows.map(({ group, cost: sum }) => [group['tags.step'], amountOf(sum)])).toEqual(
      expect.arrayContaining([
        ['write/check#2', cost],
        ['write', cost],
        ['outline', cost],
      ]),
    );
    expect(new Set(rows.map(({ group }) => group['sessionId']))).toEqual(new Set([workflow.id]));
  });

  it('accounts for what was spent before it failed, and passes the error on', async () => {
    govern();
    const workflow = governor.startSession({ name: 'flow' });
    const failure = new Error('The draft is not JSON');
    await expect(
      workflow.step('draft', async () => {
        await ask();
        throw failure;
      }),
    ).rejects.toBe(failure);
    await workflow.step('apologise', () => ask());
    expect(await workflow.close()).toMatchObject({
      state: 'completed',
      calls: 2,
      steps: [
        { name: 'draft', state: 'failed', error: 'The draft is not JSON', calls: 1 },
        { name: 'apologise', state: 'completed', calls: 1 },
      ],
    });
  });

  it('counts an attempt that the provider failed, at what it cost', async () => {
    govern({ routing: false });
    upstream.setReply({ status: 500 });
    const workflow = governor.startSession();
    await expect(workflow.step('draft', () => ask())).rejects.toMatchObject({ status: 500 });
    const { steps, ...report } = await workflow.close();
    expect(report).toMatchObject({ calls: 1, failed: 1 });
    expect(steps[0]).toMatchObject({ state: 'failed', failed: 1 });
    expect(inTotal(report.costs)).toEqual(['0']);
  });

  it('lists the last steps only when there are many, and counts all of them', async () => {
    govern();
    const session = governor.startSession({ name: 'long', maxSteps: 3 });
    const open = session.startStep({ name: 'open' });
    for (let call = 0; call < 5; call += 1) await session.step('answer', () => ask());
    await open.run(ask);
    const report = await session.close();
    expect(report.steps.map(({ path }) => path)).toEqual(['open', 'answer#4', 'answer#5']);
    expect(report).toMatchObject({ calls: 6, stepsLeftOut: 3 });
    expect(inTotal(report.costs)).toEqual(['0.00126']);
  });

  it('hands over a stream that is read after it', async () => {
    govern();
    const workflow = governor.startSession();
    const stream = await workflow.step('talk', () =>
      client.chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'x' }],
        stream: true,
      }),
    );
    for await (const _ of stream);
    expect((await workflow.close()).steps[0]).toMatchObject({ calls: 1, inputTokens: 1000 });
  });
});

describe('addLimits', () => {
  it('binds every call from then on, and nobody after it is taken away', async () => {
    govern();
    const remove = governor.addLimits([
      {
        id: 'support-daily',
        unit: 'money',
        amount: '0.0003',
        window: { kind: 'calendar', period: 'day' },
        scope: { match: { team: ['support'] } },
        mode: 'enforced',
      },
    ]);
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'budget_exceeded' });
    await withAttribution({ team: 'research' }, ask);
    remove();
    await ask();
  });

  it('cannot loosen what the policy says', async () => {
    govern({ policy: { limits: [{ id: 'cap', amount: '0.0001', window: 'lifetime' }] } });
    governor.addLimits([
      { id: 'cap', unit: 'money', amount: '100', window: { kind: 'lifetime' }, scope: {}, mode: 'enforced' },
    ]);
    await expect(ask()).rejects.toMatchObject({ code: 'budget_exceeded' });
  });

  it('refuses a limit that is not well-formed', () => {
    govern();
    expect(() =>
      governor.addLimits([
        { id: 'x', unit: 'money', amount: '-1', window: { kind: 'lifetime' }, scope: {}, mode: 'enforced' },
      ]),
    ).toThrow(/limits\[0\]\.amount/);
  });
});

describe('withLimits', () => {
  it('binds the calls inside, each by itself', async () => {
    govern();
    const perCall = {
      id: 'max-cost',
      unit: 'money' as const,
      amount: '0.0003',
      window: { kind: 'request' as const },
      scope: {},
      mode: 'enforced' as const,
    };
    await governor.withLimits([perCall], async () => {
      await ask();
      await ask();
      await expect(ask(4000)).rejects.toMatchObject({ code: 'budget_exceeded' });
    });
    await ask(4000);
  });
});
