export type { Config, Environment } from './config.ts';
export { checkConfig, configJsonSchema, configSchema, parseConfig } from './config.ts';
export type { ProxyOptions, RunningProxy } from './proxy.ts';
export { startProxy } from './proxy.ts';
