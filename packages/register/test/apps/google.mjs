import { GoogleGenAI } from '@google/genai';
import { main } from './calls/google.mjs';

await main({ GoogleGenAI });
