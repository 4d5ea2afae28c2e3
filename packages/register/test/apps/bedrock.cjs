const sdk = require('@aws-sdk/client-bedrock-runtime');
const { main } = require('./calls/bedrock.mjs');

main(sdk);
