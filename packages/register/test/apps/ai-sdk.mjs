import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';
import { main } from './calls/ai-sdk.mjs';

await main({ createOpenAI, generateText, streamText });
