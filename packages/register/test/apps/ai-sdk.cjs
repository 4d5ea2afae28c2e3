const { createOpenAI } = require('@ai-sdk/openai');
const { generateText, streamText } = require('ai');
const { main } = require('./calls/ai-sdk.mjs');

main({ createOpenAI, generateText, streamText });
