const Anthropic = require('@anthropic-ai/sdk');
const { main } = require('./calls/anthropic.mjs');

main({ Anthropic });
