const OpenAI = require('openai');
const { main } = require('./calls/openai.mjs');

main({ OpenAI });
