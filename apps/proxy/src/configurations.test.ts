import { ConfigurationError } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { checkConfig } from './config.ts';
import { createConfigurations } from './configurations.ts';
import type { LoadedConfig } from './serving.ts';

const named = (id: string): LoadedConfig => ({
  config: checkConfig({
    providers: [{ type: 'simulated' }],
    virtualKeys: [{ id, sha256: '0'.repeat(64) }],
  }),
});

function tracked() {
  const applied: string[] = [];
  const errors: unknown[] = [];
  let clock = 0;
  const configurations = createConfigurations({
    first: named('first'),
    apply: async ({ config }) => {
      const id = config.virtualKeys[0]?.id ?? '';
      await new Promise((resolve) => setTimeout(resolve, id === 'slow' ? 20 : 0));
      if (id === 'bad') throw new ConfigurationError('virtualKeys[0]', 'is bad');
      applied.push(id);
    },
    now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, clock++)),
    onError: (error) => errors.push(error),
  });
  return { configurations, applied, errors };
}

describe('createConfigurations', () => {
  it('counts versions, and keeps the old one when a new one is rejected', async () => {
    const { configurations } = tracked();
    expect(await configurations.replace(async () => named('second'))).toMatchObject({ version: 2 });
    const state = await configurations.replace(async () => named('bad'));
    expect(state).toMatchObject({ version: 2, rejected: { reason: 'virtualKeys[0]: is bad' } });
    expect((await configurations.replace(async () => named('third'))).rejected).toBeUndefined();
  });

  it('makes changes that come at once one after the other', async () => {
    const { configurations, applied } = tracked();
    await Promise.all(['slow', 'bad', 'last'].map((id) => configurations.replace(async () => named(id))));
    expect(applied).toEqual(['slow', 'last']);
    expect(configurations.state()).toMatchObject({ version: 3 });
  });

  it('goes back to the one before, or to one that is named, as a new version', async () => {
    const { configurations, applied } = tracked();
    await configurations.replace(async () => named('second'));
    await configurations.replace(async () => named('third'));
    expect(await configurations.rollBack()).toMatchObject({ version: 4 });
    expect(await configurations.rollBack(1)).toMatchObject({ version: 5 });
    expect(applied).toEqual(['second', 'third', 'second', 'first']);
    await expect(configurations.rollBack(99)).rejects.toThrow(
      'version: expected one of 5, 4, 3, 2, 1, got 99',
    );
  });

  it('keeps ten', async () => {
    const { configurations } = tracked();
    for (let time = 0; time < 15; time += 1) await configurations.replace(async () => named('again'));
    expect(configurations.history().map(({ version }) => version)).toEqual([
      16, 15, 14, 13, 12, 11, 10, 9, 8, 7,
    ]);
  });

  it('tells of what is wrong with the program, and not with a configuration', async () => {
    const { configurations, errors } = tracked();
    const broken = new TypeError('no such function');
    await configurations.replace(async () => {
      throw broken;
    });
    await configurations.replace(async () => named('bad'));
    expect(errors).toEqual([broken]);
    expect(configurations.state()).toMatchObject({ version: 1 });
  });
});
