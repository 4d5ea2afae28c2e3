export type { AzureOpenAIOptions } from './azure-openai.ts';
export { createAzureOpenAI } from './azure-openai.ts';
