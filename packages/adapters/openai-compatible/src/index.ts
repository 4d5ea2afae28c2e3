export type { OpenAICompatibleOptions, Service } from './openai-compatible.ts';
export { openaiCompatible } from './openai-compatible.ts';
export {
  cerebras,
  cohere,
  deepseek,
  fireworks,
  groq,
  mistral,
  ollama,
  perplexity,
  together,
  vllm,
  xai,
} from './providers.ts';
