export { openaiChat } from './openai-chat/index.ts';
export { normaliseUsage } from './usage/normalise.ts';
export type { NormalisedLine } from './usage/normalise-line.ts';
export { normaliseLine } from './usage/normalise-line.ts';
export type { SnakeCaseUsage } from './usage/snake-case.ts';
export { usageFromSnake, usageToSnake } from './usage/snake-case.ts';
