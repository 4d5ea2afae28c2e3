/**
 * How models did in Aider's polyglot benchmark: the share of 225 coding exercises that they solved within two
 * tries, as published. Where a model was measured with several settings, the row is the one with the
 * provider's default effort, or failing that the lowest effort; of several edit formats the lower result. Names are those of the providers'
 * own APIs, as far as the published command or name says which model it was.
 *
 * @see https://aider.chat/docs/leaderboards/ and its data, polyglot_leaderboard.yml of
 *   https://github.com/Aider-AI/aider at commit 0153842 (checked 2026-11-30; its newest row is of 2025-04-30)
 */
export const aiderPolyglot = {
  name: 'aider polyglot',
  /** Models, the percentage solved, and the day on which it was measured. */
  rows: [
    [['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'], 3.6, '2024-12-21'],
    [['gpt-4o', 'gpt-4o-2024-08-06'], 23.1, '2024-12-30'],
    [['gpt-4o-2024-11-20'], 18.2, '2024-12-30'],
    [['o1-mini', 'o1-mini-2024-09-12'], 32.9, '2024-12-22'],
    [['o1', 'o1-2024-12-17'], 61.7, '2024-12-21'],
    [['o3-mini', 'o3-mini-2025-01-31'], 53.8, '2025-01-31'],
    [['o3', 'o3-2025-04-16'], 79.6, '2025-04-16'],
    [['o4-mini', 'o4-mini-2025-04-16'], 72.0, '2025-04-16'],
    [['chatgpt-4o-latest'], 45.3, '2025-03-29'],
    [['gpt-4.5-preview', 'gpt-4.5-preview-2025-02-27'], 44.9, '2025-02-27'],
    [['gpt-4.1', 'gpt-4.1-2025-04-14'], 52.4, '2025-04-14'],
    [['gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'], 32.4, '2025-04-14'],
    [['gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'], 8.9, '2025-04-14'],
    [['claude-3-5-haiku-20241022', 'claude-3-5-haiku-latest'], 28.0, '2024-12-21'],
    [['claude-3-5-sonnet-20241022', 'claude-3-5-sonnet-latest'], 51.6, '2025-01-17'],
    [['claude-3-7-sonnet-20250219', 'claude-3-7-sonnet-latest'], 60.4, '2025-02-24'],
    [['gemini-2.0-flash-exp'], 22.2, '2024-12-22'],
    [['gemini-2.0-pro-exp-02-05'], 35.6, '2025-02-25'],
    [['gemini-2.5-flash-preview-04-17'], 47.1, '2025-04-20'],
    [['gemini-2.5-pro-preview-03-25'], 72.9, '2025-04-12'],
    [['deepseek-reasoner'], 56.9, '2025-01-20'],
    [['deepseek-chat'], 55.1, '2025-03-24'],
    [['grok-3', 'grok-3-beta'], 53.3, '2025-04-10'],
    [['grok-3-mini', 'grok-3-mini-beta'], 34.7, '2025-04-10'],
    [['codestral-2501'], 11.1, '2025-01-13'],
    [['command-a-03-2025'], 12.0, '2025-03-14'],
    [['llama-4-maverick', 'llama-4-maverick-17b-128e-instruct'], 15.6, '2025-04-06'],
    [['gemma-3-27b-it'], 4.9, '2025-03-15'],
    [['qwq-32b'], 20.9, '2025-03-06'],
    [['qwen-max-2025-01-25'], 21.8, '2025-01-28'],
    [['qwen3-235b-a22b'], 61.3, '2025-04-30'],
    [['qwen3-32b'], 45.8, '2025-04-30'],
    [['qwen2.5-coder-32b-instruct'], 8.0, '2024-12-22'],
  ],
} as const satisfies {
  readonly name: string;
  readonly rows: readonly (readonly [models: readonly string[], percent: number, date: string])[];
};
