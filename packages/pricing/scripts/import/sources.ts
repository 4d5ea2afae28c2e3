import type { PriceSource } from '../../src/schema.ts';

/** The package is a development dependency, pinned in package.json; its lock entry carries its hash. */
export const genaiSource: PriceSource = {
  name: '@pydantic/genai-prices',
  version: '0.1.8',
  url: 'https://www.npmjs.com/package/@pydantic/genai-prices/v/0.1.8',
  retrievedAt: '2026-09-23T10:11:04Z',
};

/** Fetched as a tarball when the importer runs: its own dependencies do not install. */
export const piAiSource: PriceSource = {
  name: '@earendil-works/pi-ai',
  version: '1.5.2',
  url: 'https://www.npmjs.com/package/@earendil-works/pi-ai/v/1.5.2',
  retrievedAt: '2026-11-10T12:05:37.628Z',
};

export const piAiTarball = {
  spec: '@earendil-works/pi-ai@1.5.2',
  integrity:
    'sha512-2tWPSnV3qzfiDIY3aWluBag3vC++Vs+VsXt/UquSU5onPMohPih72FUhIhaqmDdMYubOgB3Byl9uF4Vk40JLvQ==',
} as const;

/** Our id for a provider that a source calls otherwise. */
export const providerIds: Readonly<Record<string, string>> = {
  aws: 'aws-bedrock',
  'amazon-bedrock': 'aws-bedrock',
  xai: 'x-ai',
  'cloudflare-workers-ai': 'cloudflare',
};

/** Other ids by which callers know a provider: those of OpenTelemetry, and of the sources. */
export const providerAliases: Readonly<Record<string, readonly string[]>> = {
  'aws-bedrock': ['aws.bedrock', 'amazon-bedrock', 'bedrock', 'aws'],
  azure: ['azure-openai', 'azure.ai.openai', 'azure.ai.inference', 'az.ai.openai'],
  cloudflare: ['cloudflare-workers-ai'],
  google: ['gcp.gemini', 'gemini', 'google-ai-studio', 'google-genai'],
  'google-vertex': ['gcp.vertex_ai', 'vertex', 'vertex-ai', 'vertex_ai'],
  mistral: ['mistral_ai', 'mistralai'],
  moonshotai: ['moonshot_ai', 'moonshot'],
  'x-ai': ['xai', 'x_ai'],
  zai: ['z-ai', 'z.ai'],
  together: ['together-ai', 'together_ai', 'togetherai'],
  fireworks: ['fireworks-ai', 'fireworks_ai'],
  alibaba: ['dashscope', 'qwen'],
  voyageai: ['voyage'],
  perplexity: ['perplexity-ai'],
  'oracle-oci': ['oci'],
  'vercel-ai-gateway': ['vercel'],
  'lm-studio': ['lmstudio'],
  stability: ['stability-ai'],
  nebius: ['nebius-ai'],
  minimax: ['minimaxai'],
};

/** The package gives out its data by provider id only; these are all that version 0.1.8 has. */
export const genaiProviders: readonly string[] = [
  'anthropic',
  'arcee',
  'avian',
  'aws',
  'azure',
  'baseten',
  'cerebras',
  'cloudflare',
  'cohere',
  'cursor',
  'deepseek',
  'doubleword',
  'fireworks',
  'github-copilot',
  'google',
  'groq',
  'huggingface_cerebras',
  'huggingface_fireworks-ai',
  'huggingface_groq',
  'huggingface_hyperbolic',
  'huggingface_nebius',
  'huggingface_novita',
  'huggingface_nscale',
  'huggingface_ovhcloud',
  'huggingface_publicai',
  'huggingface_sambanova',
  'huggingface_together',
  'minimax',
  'mistral',
  'modal',
  'moonshotai',
  'novita',
  'openai',
  'openrouter',
  'ovhcloud',
  'perplexity',
  'quicksilverpro',
  'together',
  'typesafe',
  'voyageai',
  'x-ai',
  'zai',
  'zhipuai',
];
