export type { BedrockOptions } from './bedrock.ts';
export { bedrock, createBedrock } from './bedrock.ts';
export type { AwsRequest, AwsResponse, BedrockClientOptions } from './client.ts';
export { throughFetch } from './client.ts';
