import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { main } from './calls/bedrock.mjs';

await main({ BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand });
