import { OpenRouter } from '@openrouter/sdk';
import OpenAI from 'openai';
import { main } from './calls/openrouter.mjs';

await main({ OpenRouter, OpenAI });
