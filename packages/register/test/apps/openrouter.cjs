const { OpenRouter } = require('@openrouter/sdk');
const OpenAI = require('openai');
const { main } = require('./calls/openrouter.mjs');

main({ OpenRouter, OpenAI });
