import Anthropic from '@anthropic-ai/sdk';
import { main } from './calls/anthropic.mjs';

await main({ Anthropic });
