export type {
  CostThresholdInfo,
  RouteToBestModelOptions,
  RunAgentWorkflowOptions,
  SkyRouterAdapter,
  SkyRouterAdapterOptions,
} from './adapter.ts';
export { createSkyRouterAdapter } from './adapter.ts';
export type { AutoInstrumentOptions } from './auto-instrument.ts';
export { autoInstrument, restoreSkyRouter } from './auto-instrument.ts';
export { concurrently } from './concurrently.ts';
export type { BudgetStatus, CostAggregator, CostSummary } from './cost-aggregator.ts';
export type { PerformanceDiagnosis, PerformanceOptions } from './diagnose.ts';
export type { Efficiency } from './efficiency.ts';
export type { MemoryManagementOptions, MemoryUsage, SessionMemory } from './memory.ts';
export type { BatchListener, BatchOptions, ExportStatistics } from './operations.ts';
export type { Prompt } from './prompt.ts';
export type { SkyRouterOptions } from './provider.ts';
export { createSkyRouter } from './provider.ts';
export type {
  AgentStep,
  AgentStepResult,
  AgentWorkflowOptions,
  AgentWorkflowResult,
  ModelCallOptions,
  MultiModelOptions,
  OperationResult,
  SkyRouterSession,
} from './session.ts';
export { shardOf } from './shard.ts';
export type { CustomOrder, GovernancePolicy, RoutingStrategy } from './strategy.ts';
export type { VolumeDiscountInfo, VolumeTier } from './volume.ts';
