const { GoogleGenAI } = require('@google/genai');
const { main } = require('./calls/google.mjs');

main({ GoogleGenAI });
