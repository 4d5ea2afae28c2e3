export { attributionSchema } from './attribution-schema.ts';
export type { CompiledPolicy, Ruling } from './decide.ts';
export { compilePolicy } from './decide.ts';
export type { CallDimensions } from './dimensions.ts';
export { dimensionOf } from './dimensions.ts';
export type { LimitIndex, MatchedLimit } from './limits.ts';
export { bucketOf, compileLimits } from './limits.ts';
export type { Policy, PolicyInput, Rule } from './schema.ts';
export { limitSchema, parsePolicy, policySchema, ruleSchema } from './schema.ts';
