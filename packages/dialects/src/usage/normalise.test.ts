import { usageToSnake } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { normaliseUsage } from './normalise.ts';

const normalise = (provider: string, api: string, json: object) => normaliseUsage({ provider, api }, json);

/** What each API says, and what it means. */
const cases: readonly (readonly [
  what: string,
  provider: string,
  api: string,
  json: object,
  usage: object,
])[] = [
  [
    'Azure OpenAI, as OpenAI',
    'azure',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 9,
        completion_tokens: 4,
        total_tokens: 13,
        prompt_tokens_details: { cached_tokens: 8 },
      },
    },
    { input_tokens: 9, cache_read_tokens: 8, output_tokens: 4 },
  ],
  [
    'legacy completions',
    'openai',
    'completions',
    { usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 } },
    { input_tokens: 5, output_tokens: 7 },
  ],
  [
    'cached audio by modality',
    'openai',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: {
          cached_tokens: 64,
          audio_tokens: 90,
          text_tokens: 10,
          cached_tokens_details: { audio_tokens: 60, text_tokens: 4 },
        },
        completion_tokens_details: { audio_tokens: 40, text_tokens: 10 },
      },
    },
    {
      input_tokens: 100,
      cache_read_tokens: 64,
      input_audio_tokens: 90,
      cache_read_audio_tokens: 60,
      output_tokens: 50,
      output_audio_tokens: 40,
    },
  ],
  [
    'cached audio that must overlap, as much as it must',
    'openai',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 100,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 64, audio_tokens: 90 },
      },
    },
    {
      input_tokens: 100,
      cache_read_tokens: 64,
      input_audio_tokens: 90,
      cache_read_audio_tokens: 54,
      output_tokens: 5,
    },
  ],
  [
    'Mistral, with cached tokens under its own name and audio by the second',
    'mistral',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 20,
        completion_tokens: 3,
        total_tokens: 23,
        num_cached_tokens: 16,
        prompt_audio_seconds: 12,
      },
    },
    { input_tokens: 20, cache_read_tokens: 16, output_tokens: 3, audio_seconds: 12 },
  ],
  [
    'Mistral, with the other spelling',
    'mistral',
    'chat.completions',
    { usage: { prompt_tokens: 20, completion_tokens: 3, prompt_token_details: { cached_tokens: 16 } } },
    { input_tokens: 20, cache_read_tokens: 16, output_tokens: 3 },
  ],
  [
    'Groq, with times beside tokens',
    'groq',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 8,
        completion_tokens: 2,
        total_tokens: 10,
        queue_time: 0.01,
        prompt_time: 0.2,
        completion_time: 0.3,
        total_time: 0.5,
      },
    },
    { input_tokens: 8, output_tokens: 2 },
  ],
  [
    'Groq at the end of a stream',
    'groq',
    'chat.completions.stream',
    {
      events: [
        { id: 'a', choices: [{}] },
        { choices: [], x_groq: { usage: { prompt_tokens: 8, completion_tokens: 2 } } },
      ],
    },
    { input_tokens: 8, output_tokens: 2 },
  ],
  [
    'xAI, whose reasoning is beside the completion, as its total says',
    'x-ai',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        prompt_tokens_details: { text_tokens: 32, audio_tokens: 0, image_tokens: 0, cached_tokens: 6 },
        completion_tokens_details: {
          reasoning_tokens: 94,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
        num_sources_used: 0,
        cost_in_usd_ticks: 37756000,
      },
    },
    { input_tokens: 32, cache_read_tokens: 6, output_tokens: 103, reasoning_tokens: 94 },
  ],
  [
    'xAI, with tools on its side',
    'x-ai',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        server_side_tool_usage_details: {
          web_search_calls: 2,
          x_search_calls: 1,
          code_interpreter_calls: 1,
          document_search_calls: 3,
          mcp_calls: 4,
        },
      },
    },
    { input_tokens: 10, output_tokens: 5, web_searches: 3, file_searches: 3, code_sessions: 1 },
  ],
  [
    'Perplexity deep research, whose reasoning and citations are beside the completion',
    'perplexity',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 33,
        completion_tokens: 7163,
        total_tokens: 7196,
        citation_tokens: 19028,
        num_search_queries: 18,
        reasoning_tokens: 95305,
      },
    },
    {
      input_tokens: 33,
      output_tokens: 121496,
      reasoning_tokens: 95305,
      citation_tokens: 19028,
      search_queries: 18,
    },
  ],
  [
    'vLLM',
    'vllm',
    'chat.completions',
    { usage: { prompt_tokens: 7, total_tokens: 9, completion_tokens: 2, prompt_tokens_details: null } },
    { input_tokens: 7, output_tokens: 2 },
  ],
  [
    'Helicone, as OpenAI',
    'helicone',
    'chat.completions',
    { usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } },
    { input_tokens: 7, output_tokens: 2 },
  ],
  [
    'Moonshot, with cached tokens one level up',
    'moonshotai',
    'chat.completions',
    { usage: { prompt_tokens: 50, completion_tokens: 2, total_tokens: 52, cached_tokens: 40 } },
    { input_tokens: 50, cache_read_tokens: 40, output_tokens: 2 },
  ],
  [
    'OpenRouter, with a search on its side',
    'openrouter',
    'chat.completions',
    {
      usage: {
        prompt_tokens: 7,
        completion_tokens: 2,
        total_tokens: 9,
        cost: 0.0123,
        server_tool_use_details: { tool_calls_requested: 2, tool_calls_executed: 2, web_search_requests: 2 },
      },
    },
    { input_tokens: 7, output_tokens: 2, web_searches: 2 },
  ],
  [
    'Google in the words of OpenAI, where only the total tells of thoughts',
    'google',
    'chat.completions',
    { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 215 } },
    { input_tokens: 10, output_tokens: 205, reasoning_tokens: 200 },
  ],
  [
    'Responses, with tools among the output',
    'openai',
    'responses',
    {
      output: [
        { type: 'web_search_call', action: { type: 'search' } },
        { type: 'web_search_call', action: { type: 'open_page' } },
        { type: 'web_search_call' },
        { type: 'file_search_call' },
        { type: 'code_interpreter_call', container_id: 'c1' },
        { type: 'code_interpreter_call', container_id: 'c1' },
        { type: 'message' },
      ],
      usage: {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 80 },
        total_tokens: 123,
      },
    },
    {
      input_tokens: 36,
      cache_read_tokens: 4,
      output_tokens: 87,
      reasoning_tokens: 80,
      web_searches: 2,
      file_searches: 1,
      code_sessions: 1,
    },
  ],
  [
    'Responses, with the searches that are billed',
    'openai',
    'responses',
    {
      output: [{ type: 'web_search_call', action: { type: 'search' } }],
      tool_usage: {
        web_search: { num_requests: 3 },
        image_gen: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      },
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    },
    { input_tokens: 1, output_tokens: 2, web_searches: 3 },
  ],
  [
    'images by tokens, all of them image where there are no details',
    'openai',
    'images',
    {
      data: [{}],
      usage: {
        input_tokens: 50,
        input_tokens_details: { text_tokens: 50, image_tokens: 0 },
        output_tokens: 272,
        total_tokens: 322,
      },
    },
    { input_tokens: 50, output_tokens: 272, output_image_tokens: 272 },
  ],
  ['images by the piece', 'openai', 'images', { data: [{}, {}] }, { images: 2 }],
  [
    'transcription by tokens',
    'openai',
    'audio.transcriptions',
    {
      text: 'Hi',
      usage: {
        type: 'tokens',
        input_tokens: 14,
        input_token_details: { text_tokens: 4, audio_tokens: 10 },
        output_tokens: 5,
        total_tokens: 19,
      },
    },
    { input_tokens: 14, input_audio_tokens: 10, output_tokens: 5 },
  ],
  [
    'transcription by begun seconds',
    'openai',
    'audio.transcriptions',
    { text: 'Hi', duration: 8.47 },
    { audio_seconds: 9 },
  ],
  [
    'Messages, whose input leaves out the cache, with lifetimes',
    'anthropic',
    'messages',
    {
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 300,
        cache_read_input_tokens: 2000,
        cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
        output_tokens: 50,
        server_tool_use: { web_search_requests: 1, web_fetch_requests: 2 },
      },
    },
    {
      input_tokens: 2310,
      cache_read_tokens: 2000,
      cache_write_tokens: 300,
      cache_write_5m_tokens: 100,
      cache_write_1h_tokens: 200,
      output_tokens: 50,
      web_searches: 1,
      web_fetches: 2,
    },
  ],
  [
    'Messages with lifetimes and no total of them',
    'anthropic',
    'messages',
    { usage: { input_tokens: 10, cache_creation: { ephemeral_1h_input_tokens: 200 }, output_tokens: 5 } },
    { input_tokens: 210, cache_write_tokens: 200, cache_write_1h_tokens: 200, output_tokens: 5 },
  ],
  [
    'Gemini, with thoughts beside the candidates and tool results beside the prompt',
    'google',
    'generateContent',
    {
      usageMetadata: {
        promptTokenCount: 100,
        toolUsePromptTokenCount: 40,
        candidatesTokenCount: 20,
        thoughtsTokenCount: 60,
        totalTokenCount: 220,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 30 },
          { modality: 'VIDEO', tokenCount: 50 },
          { modality: 'AUDIO', tokenCount: 20 },
        ],
        cachedContentTokenCount: 45,
        cacheTokensDetails: [
          { modality: 'VIDEO', tokenCount: 40 },
          { modality: 'AUDIO', tokenCount: 5 },
        ],
        toolUsePromptTokensDetails: [{ modality: 'TEXT', tokenCount: 40 }],
      },
    },
    {
      input_tokens: 140,
      cache_read_tokens: 45,
      input_audio_tokens: 20,
      input_video_tokens: 10,
      cache_read_audio_tokens: 5,
      output_tokens: 80,
      reasoning_tokens: 60,
    },
  ],
  [
    'Gemini 2.5 grounded, once for each prompt',
    'google',
    'generateContent',
    {
      modelVersion: 'gemini-2.5-flash',
      candidates: [{ groundingMetadata: { webSearchQueries: ['a', 'b'] } }],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2 },
    },
    { input_tokens: 5, output_tokens: 2, grounded_prompts: 1 },
  ],
  [
    'Gemini 3 grounded, once for each query',
    'google',
    'generateContent',
    {
      modelVersion: 'gemini-3.1-pro-preview',
      candidates: [{ groundingMetadata: { webSearchQueries: ['a', '', 'b'] } }],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2 },
    },
    { input_tokens: 5, output_tokens: 2, search_queries: 2 },
  ],
  [
    'Converse, whose input leaves out the cache',
    'bedrock',
    'converse',
    {
      usage: {
        inputTokens: 10,
        outputTokens: 5,
        totalTokens: 315,
        cacheReadInputTokens: 200,
        cacheReadInputTokenCount: 200,
        cacheWriteInputTokens: 100,
        cacheWriteInputTokenCount: 100,
        cacheDetails: [
          { ttl: '1h', inputTokens: 60 },
          { ttl: '5m', inputTokens: 40 },
        ],
      },
    },
    {
      input_tokens: 310,
      cache_read_tokens: 200,
      cache_write_tokens: 100,
      cache_write_5m_tokens: 40,
      cache_write_1h_tokens: 60,
      output_tokens: 5,
    },
  ],
  [
    'Cohere rerank',
    'cohere',
    'v2.rerank',
    { id: 'r', results: [], meta: { billed_units: { search_units: 2 } } },
    { search_units: 2 },
  ],
  [
    'Cohere embed, text and images',
    'cohere',
    'v2.embed',
    { meta: { billed_units: { input_tokens: 10, image_tokens: 90 } } },
    { input_tokens: 100, input_image_tokens: 90 },
  ],
  [
    'Cohere at the end of a stream',
    'cohere',
    'v2.chat.stream',
    {
      events: [
        { type: 'message-start', id: 'm' },
        {
          type: 'message-end',
          delta: {
            finish_reason: 'COMPLETE',
            usage: {
              billed_units: { input_tokens: 3, output_tokens: 4 },
              tokens: { input_tokens: 70, output_tokens: 4 },
            },
          },
        },
      ],
    },
    { input_tokens: 3, output_tokens: 4 },
  ],
  [
    'Ollama',
    'ollama',
    'chat',
    {
      model: 'llama3.3',
      done: true,
      total_duration: 4883583458,
      load_duration: 1334875,
      prompt_eval_count: 26,
      prompt_eval_duration: 342546000,
      eval_count: 282,
      eval_duration: 4535599000,
    },
    { input_tokens: 26, output_tokens: 282 },
  ],
];

describe('normaliseUsage', () => {
  it.each(cases)('reads %s', (_what, provider, api, json, usage) => {
    const facts = normalise(provider, api, json);
    expect(usageToSnake(facts?.usage ?? {})).toEqual(usage);
    expect(facts?.unreadUsage ?? []).toEqual([]);
  });

  it('knows no API that it has no rule for', () => {
    expect(normalise('openai', 'telepathy', {})).toBeUndefined();
  });

  it.each([
    ['chat.completions', { usage: {} }],
    ['responses', { usage: null }],
    ['messages', {}],
    ['generateContent', { candidates: [] }],
    ['converse', { output: {} }],
    ['v2.chat', { usage: {} }],
    ['audio.speech', {}],
  ])('has no usage when there is none, which is not zero: %s', (api, json) => {
    expect(normalise('any', api, json)?.usage).toBeUndefined();
  });

  it('names numbers that no rule reads, and those in a total that no part explains', () => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 2,
      total_tokens: 9,
      compute_units: 12,
      nested: { new_tokens: [3] },
    };
    expect(normalise('openai', 'chat.completions', { usage })?.unreadUsage).toEqual([
      'usage.total_tokens',
      'usage.compute_units',
      'usage.nested.new_tokens.0',
    ]);
    const details = { cache_write_tokens: 5, cache_write_tokens_details: { ttl_12h_tokens: 5 } };
    expect(
      normalise('openai', 'responses', {
        usage: { input_tokens: 9, input_tokens_details: details, output_tokens: 1 },
      })?.unreadUsage,
    ).toEqual(['usage.input_tokens_details.cache_write_tokens_details.ttl_12h_tokens']);
  });

  it.each([
    [
      'chat.completions',
      { usage: { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 11 } } },
    ],
    ['chat.completions', { usage: { prompt_tokens: 10, completion_tokens: '1' } }],
    ['chat.completions', { usage: { prompt_tokens: 10, completion_tokens: 1, cost: -1 } }],
    [
      'responses',
      { usage: { input_tokens: 10, output_tokens: 5, output_tokens_details: { reasoning_tokens: 6 } } },
    ],
    ['messages', { usage: { input_tokens: -5, output_tokens: 1 } }],
    [
      'messages',
      {
        usage: { input_tokens: 5, output_tokens: 1, iterations: [{ type: 'compaction', input_tokens: 0.5 }] },
      },
    ],
    ['generateContent', { usageMetadata: { promptTokenCount: 1e300 } }],
    [
      'generateContent',
      { usageMetadata: { promptTokenCount: 5, promptTokensDetails: [{ modality: 'IMAGE', tokenCount: 6 }] } },
    ],
    [
      'converse',
      { usage: { inputTokens: 1, outputTokens: 1, cacheDetails: [{ ttl: '1h', inputTokens: 5 }] } },
    ],
    ['v2.chat', { usage: { billed_units: { input_tokens: null, output_tokens: {} } } }],
    ['audio.transcriptions', { usage: { seconds: Number.NaN } }],
  ])('refuses counters that cannot be: %s %j', (api, json) => {
    expect(() => normalise('any', api, json)).toThrow(expect.objectContaining({ code: 'invalid_usage' }));
  });

  it('reads tier, speed, region and what was charged', () => {
    const message = {
      usage: {
        input_tokens: 1,
        output_tokens: 1,
        service_tier: 'priority',
        speed: 'fast',
        inference_geo: 'us',
      },
    };
    expect(normalise('anthropic', 'messages', message)).toMatchObject({
      serviceTier: 'priority',
      speed: 'fast',
      region: 'us',
    });
    const unknownRegion = { usage: { input_tokens: 1, inference_geo: 'not_available' } };
    expect(normalise('anthropic', 'messages', unknownRegion)?.region).toBeUndefined();
    const traffic = { usageMetadata: { promptTokenCount: 1, trafficType: 'ON_DEMAND_FLEX' } };
    expect(normalise('google', 'generateContent', traffic)?.serviceTier).toBe('flex');
    const tier = {
      serviceTier: { type: 'priority' },
      performanceConfig: { latency: 'optimized' },
      usage: { inputTokens: 1 },
    };
    expect(normalise('bedrock', 'converse', tier)).toMatchObject({
      serviceTier: 'priority',
      speed: 'optimized',
    });
    const ticks = { usage: { prompt_tokens: 1, completion_tokens: 1, cost_in_usd_ticks: 37756000 } };
    expect(normalise('x-ai', 'chat.completions', ticks)?.reportedCost?.amount.toFixed()).toBe('0.0037756');
  });

  it('prices images that a hosted tool made as the work of another model', () => {
    const response = {
      tools: [{ type: 'image_generation', model: 'gpt-image-1.5' }],
      tool_usage: {
        image_gen: {
          input_tokens: 30,
          input_tokens_details: { image_tokens: 0, text_tokens: 30 },
          output_tokens: 4160,
          total_tokens: 4190,
          output_tokens_details: { image_tokens: 4160, text_tokens: 0 },
        },
      },
      usage: { input_tokens: 5, output_tokens: 6 },
    };
    expect(normalise('openai', 'responses', response)?.parts).toEqual([
      {
        responseModel: 'gpt-image-1.5',
        usage: { inputTokens: 30, inputImageTokens: 0, outputTokens: 4160, outputImageTokens: 4160 },
      },
    ]);
  });

  it('prices drawing as SVG as the work of the model that drew', () => {
    const answer = {
      data: [{}],
      usage: { input_tokens: 1, output_tokens: 2 },
      svg_usage: {
        model: 'gpt-5.6',
        input_tokens: 10,
        output_tokens: 20,
        reasoning_tokens: 5,
        total_tokens: 30,
      },
    };
    expect(normalise('openai', 'images', answer)?.parts).toEqual([
      { responseModel: 'gpt-5.6', usage: { inputTokens: 10, outputTokens: 20, reasoningOutputTokens: 5 } },
    ]);
  });
});

describe('iterations of a message', () => {
  const entry = (type: string, input: number, output: number, model?: string) => ({
    type,
    input_tokens: input,
    output_tokens: output,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: null,
    ...(model === undefined ? {} : { model }),
  });
  const read = (total: readonly [number, number], iterations: readonly object[]) =>
    normalise('anthropic', 'messages', {
      model: 'big',
      usage: { input_tokens: total[0], output_tokens: total[1], iterations },
    });

  it('leaves the totals alone when they include every entry', () => {
    const facts = read([30, 3], [entry('message', 10, 1), entry('message', 20, 2)]);
    expect(facts?.parts).toBeUndefined();
    expect(usageToSnake(facts?.usage ?? {})).toEqual({ input_tokens: 30, output_tokens: 3 });
  });

  it('prices what the totals leave out on its own', () => {
    const facts = read(
      [10, 1],
      [entry('compaction', 500, 50), entry('message', 10, 1), entry('advisor_message', 7, 8, 'wise')],
    );
    expect(facts?.usage).toMatchObject({ inputTokens: 10, outputTokens: 1 });
    expect(facts?.parts).toEqual([
      { usage: expect.objectContaining({ inputTokens: 500, outputTokens: 50 }) },
      { responseModel: 'wise', usage: expect.objectContaining({ inputTokens: 7, outputTokens: 8 }) },
    ]);
  });

  it('takes out of the totals what another model served, whether or not they include the first attempt', () => {
    const both = [entry('message', 100, 10, 'first'), entry('fallback_message', 90, 20, 'big')];
    for (const total of [
      [190, 30],
      [90, 20],
    ] as const) {
      const facts = read(total, both);
      expect(facts?.usage).toMatchObject({ inputTokens: 90, outputTokens: 20 });
      expect(facts?.parts).toEqual([
        { responseModel: 'first', usage: expect.objectContaining({ inputTokens: 100, outputTokens: 10 }) },
      ]);
    }
  });

  it('adds only what is never in the totals when their sum explains nothing', () => {
    const facts = read([77, 7], [entry('message', 10, 1), entry('compaction', 500, 50)]);
    expect(facts?.usage).toMatchObject({ inputTokens: 77, outputTokens: 7 });
    expect(facts?.parts).toHaveLength(1);
  });
});
