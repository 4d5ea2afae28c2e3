import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasErrorCode } from './errors.ts';
import { addUsage, checkUsage, splitUsage, type Usage } from './usage.ts';

describe('splitUsage', () => {
  it('takes cached and written tokens out of the input', () => {
    expect(
      splitUsage({
        inputTokens: 2185,
        outputTokens: 60,
        cacheReadInputTokens: 1069,
        cacheCreationInputTokens: 1109,
        cacheCreation5mInputTokens: 85,
        cacheCreation1hInputTokens: 1024,
      }),
    ).toEqual({ input: 7, cache_read: 1069, cache_write_5m: 85, cache_write_1h: 1024, output: 60 });
  });

  it('keeps each modality apart, cached or not', () => {
    expect(
      splitUsage({
        inputTokens: 1000,
        outputTokens: 500,
        inputAudioTokens: 250,
        outputAudioTokens: 300,
        cacheReadInputTokens: 400,
        cacheReadInputAudioTokens: 100,
        inputImageTokens: 150,
        cacheReadInputImageTokens: 50,
      }),
    ).toEqual({
      input: 350,
      cache_read: 250,
      input_audio: 150,
      cache_read_audio: 100,
      input_image: 100,
      cache_read_image: 50,
      output: 200,
      output_audio: 300,
    });
  });

  it('counts a write of unknown lifetime as the five-minute kind', () => {
    expect(splitUsage({ inputTokens: 10, cacheCreationInputTokens: 4 })).toEqual({
      input: 6,
      cache_write_5m: 4,
    });
  });

  it('puts every token into exactly one meter', () => {
    const part = fc.nat(1000);
    fc.assert(
      fc.property(part, part, part, part, part, part, (text, read, write5m, write1h, out, reasoning) => {
        const usage: Usage = {
          inputTokens: text + read + write5m + write1h,
          cacheReadInputTokens: read,
          cacheCreationInputTokens: write5m + write1h,
          cacheCreation1hInputTokens: write1h,
          outputTokens: out + reasoning,
          reasoningOutputTokens: reasoning,
        };
        const total = Object.values(splitUsage(usage)).reduce((sum, quantity) => sum + quantity, 0);
        expect(total).toBe((usage.inputTokens ?? 0) + (usage.outputTokens ?? 0));
      }),
    );
  });
});

describe('checkUsage', () => {
  it.each([
    [{ inputTokens: -1 }, 'inputTokens'],
    [{ inputTokens: 1.5 }, 'inputTokens'],
    [{ outputTokens: Number.NaN }, 'outputTokens'],
    [{ outputTokens: Number.POSITIVE_INFINITY }, 'outputTokens'],
    [{ outputTokens: 2 ** 53 }, 'outputTokens'],
    [{ outputTokens: '7' as unknown as number }, 'outputTokens'],
    [{ outputTokens: null as unknown as number }, 'outputTokens'],
    [{ inputTokens: 10, cacheReadInputTokens: 11 }, 'cacheReadInputTokens'],
    [{ cacheReadInputTokens: 1 }, 'cacheReadInputTokens'],
    [
      { inputTokens: 10, cacheReadInputTokens: 6, cacheCreationInputTokens: 5 },
      'cacheReadInputTokens + cacheCreationInputTokens',
    ],
    [{ outputTokens: 5, reasoningOutputTokens: 6 }, 'reasoningOutputTokens'],
  ])('refuses %j and names %s', (usage, counter) => {
    try {
      checkUsage(usage);
      expect.unreachable();
    } catch (error) {
      expect(hasErrorCode(error, 'invalid_usage')).toBe(true);
      expect((error as Error).message).toContain(`"${counter}"`);
    }
  });

  it('takes absence for absence', () => {
    expect(() => checkUsage({})).not.toThrow();
    expect(splitUsage({})).toEqual({});
  });
});

describe('addUsage', () => {
  it('keeps what neither side reported absent', () => {
    expect(addUsage({ inputTokens: 1 }, { inputTokens: 2, webSearches: 1 })).toEqual({
      inputTokens: 3,
      webSearches: 1,
    });
  });
});
