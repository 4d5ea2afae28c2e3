import { freeRoutes, meteredRoutes } from '@genops/core';
import { openaiChat, openaiCompletions, unmetered } from '@genops/dialects';
import { openaiCompatible } from './openai-compatible.ts';

/**
 * Reports usage on the last chunk under `x_groq` even when nobody asked.
 *
 * @see https://console.groq.com/docs/openai (checked 2026-11-20)
 */
export const groq = openaiCompatible({
  id: 'groq',
  name: 'Groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  serves: ['responses', 'speech', 'transcriptions', 'batches'],
  caps: ['max_completion_tokens', 'max_tokens'],
  setup: { apiKeyShape: { pattern: /^gsk_\w{20,}$/, example: 'gsk_…' } },
});

/** @see https://docs.mistral.ai/api (checked 2026-11-20) */
export const mistral = openaiCompatible({
  id: 'mistral',
  name: 'Mistral AI',
  baseUrl: 'https://api.mistral.ai/v1',
  serves: ['embeddings'],
  routes: [
    ...meteredRoutes(openaiCompletions, ['/fim/completions']),
    ...meteredRoutes(unmetered('chat', openaiChat), ['/agents/completions', '/conversations', '/ocr']),
    ...meteredRoutes(unmetered('moderation', openaiChat), ['/moderations', '/classifications']),
    ...meteredRoutes(unmetered('transcription', openaiChat), ['/audio/transcriptions']),
    ...meteredRoutes(unmetered('batch', openaiChat), ['/batch/jobs']),
    ...meteredRoutes(unmetered('fine_tuning', openaiChat), ['/fine_tuning/jobs']),
    ...freeRoutes(
      [
        'GET /batch/jobs',
        'GET /batch/jobs/*',
        'POST /batch/jobs/*/cancel',
        'POST /files',
        'GET /files',
        'GET /files/*',
        'DELETE /files/*',
      ],
      { reach: 'account' },
    ),
  ],
});

/** Counts what its cache had under names of its own. @see https://api-docs.deepseek.com (checked 2026-11-20) */
export const deepseek = openaiCompatible({
  id: 'deepseek',
  name: 'DeepSeek',
  baseUrl: 'https://api.deepseek.com',
  serves: [],
  routes: [
    ...meteredRoutes(openaiCompletions, ['/beta/completions']),
    ...freeRoutes(['GET /user/balance'], { reach: 'account' }),
  ],
  setup: { apiKeyShape: { pattern: /^sk-\w{20,}$/, example: 'sk-…' } },
});

/**
 * Counts reasoning beside the completion, and reports its cost in ticks.
 *
 * @see https://docs.x.ai/docs/api-reference (checked 2026-11-20)
 */
export const xai = openaiCompatible({
  id: 'x-ai',
  name: 'xAI',
  baseUrl: 'https://api.x.ai/v1',
  serves: ['responses', 'images'],
  routes: [
    ...meteredRoutes(unmetered('video_generation', openaiChat), ['/videos/generations']),
    ...freeRoutes(['POST /tokenize-text'], { operation: 'count_tokens' }),
    ...freeRoutes(['GET /language-models', 'GET /language-models/*'], { operation: 'list_models' }),
    ...freeRoutes(['GET /api-key', 'GET /responses/*', 'DELETE /responses/*'], { reach: 'account' }),
  ],
  caps: ['max_completion_tokens', 'max_tokens'],
  apiKeyEnv: 'XAI_API_KEY',
  setup: { apiKeyShape: { pattern: /^xai-\w{20,}$/, example: 'xai-…' } },
});

/** @see https://docs.together.ai/docs/openai-api-compatibility (checked 2026-11-20) */
export const together = openaiCompatible({
  id: 'together',
  name: 'Together AI',
  baseUrl: 'https://api.together.xyz/v1',
  serves: ['completions', 'embeddings', 'images', 'speech', 'transcriptions', 'batches'],
  routes: meteredRoutes(unmetered('rerank', openaiChat), ['/rerank']),
});

/** @see https://docs.fireworks.ai/tools-sdks/openai-compatibility (checked 2026-11-20) */
export const fireworks = openaiCompatible({
  id: 'fireworks',
  name: 'Fireworks AI',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  serves: ['completions', 'embeddings', 'responses'],
  routes: meteredRoutes(unmetered('rerank', openaiChat), ['/rerank']),
  setup: { apiKeyShape: { pattern: /^fw_\w{10,}$/, example: 'fw_…' } },
});

/**
 * Reports its cost, its request fee included, and counts citations and reasoning beside the completion. It
 * has no list of models to try a key on.
 *
 * @see https://docs.perplexity.ai/api-reference (checked 2026-11-20)
 */
export const perplexity = openaiCompatible({
  id: 'perplexity',
  name: 'Perplexity',
  baseUrl: 'https://api.perplexity.ai',
  serves: [],
  routes: [
    ...meteredRoutes(unmetered('chat', openaiChat), ['/async/chat/completions', '/search']),
    ...freeRoutes(['GET /async/chat/completions', 'GET /async/chat/completions/*'], { reach: 'account' }),
  ],
  setup: { apiKeyShape: { pattern: /^pplx-\w{20,}$/, example: 'pplx-…' } },
});

/** @see https://inference-docs.cerebras.ai/resources/openai (checked 2026-11-20) */
export const cerebras = openaiCompatible({
  id: 'cerebras',
  name: 'Cerebras',
  baseUrl: 'https://api.cerebras.ai/v1',
  serves: ['completions'],
  caps: ['max_completion_tokens', 'max_tokens'],
  setup: { apiKeyShape: { pattern: /^csk-\w{20,}$/, example: 'csk-…' } },
});

/** Cohere behind its OpenAI address. @see https://docs.cohere.com/docs/compatibility-api (checked 2026-11-20) */
export const cohere = openaiCompatible({
  id: 'cohere',
  name: 'Cohere',
  baseUrl: 'https://api.cohere.ai/compatibility/v1',
  serves: ['embeddings'],
  apiKeyEnv: 'COHERE_API_KEY',
});

/** Models on this machine. It asks for no key and takes any. @see https://docs.ollama.com/openai (checked 2026-11-20) */
export const ollama = openaiCompatible({
  id: 'ollama',
  name: 'Ollama',
  baseUrl: 'http://localhost:11434/v1',
});

/** A model server of one's own. @see https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (checked 2026-11-20) */
export const vllm = openaiCompatible({
  id: 'vllm',
  name: 'vLLM',
  baseUrl: 'http://localhost:8000/v1',
  serves: ['completions', 'embeddings', 'responses'],
  routes: meteredRoutes(unmetered('rerank', openaiChat), ['/rerank', '/score']),
});
