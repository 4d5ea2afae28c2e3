import OpenAI from 'openai';
import { main } from './calls/openai.mjs';

await main({ OpenAI });
