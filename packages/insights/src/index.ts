export type { Allocation, AllocationQuestion, AllocationRule } from './allocate.ts';
export { allocateShared, splitUnattributed } from './allocate.ts';
export type { CostSpike, CostSpikesOptions, HourCost } from './anomalies/cost-spikes.ts';
export { findCostSpikes, hourlyCosts } from './anomalies/cost-spikes.ts';
export type { EfficiencyDrop, EfficiencyOptions } from './anomalies/efficiency-drops.ts';
export { createEfficiencyWatch } from './anomalies/efficiency-drops.ts';
export type { ErrorRate, ErrorRatesOptions } from './anomalies/error-rates.ts';
export { createErrorRates } from './anomalies/error-rates.ts';
export type { EntrySource } from './each-entry.ts';
export { eachEntry } from './each-entry.ts';
export type { EntryDetails } from './entry-details.ts';
export type {
  ArmOf,
  ArmResult,
  Comparison,
  ExperimentOptions,
  ExperimentResult,
  Verdict,
} from './experiment.ts';
export { armByDimension, armBySplit, experiment } from './experiment.ts';
export type { FocusOptions, NoCharge } from './focus/charge-rows.ts';
export { chargeRows } from './focus/charge-rows.ts';
export { checkFocusRow } from './focus/check-row.ts';
export type { FocusColumn, FocusColumnName, FocusRow, FocusVersion } from './focus/columns.ts';
export { columnsOf, focusColumns, focusVersions } from './focus/columns.ts';
export type { FocusExportOptions, FocusReport } from './focus/export-focus.ts';
export { exportFocus } from './focus/export-focus.ts';
export type { BackTest } from './forecast/back-test.ts';
export type { DailyModel } from './forecast/daily-model.ts';
export type { Exhaustion } from './forecast/exhaustion.ts';
export { forecastExhaustion } from './forecast/exhaustion.ts';
export type { Forecast, ForecastQuery, TooLittleData } from './forecast/forecast.ts';
export { forecast } from './forecast/forecast.ts';
export type { Group } from './group-key.ts';
export type { MigrationTarget, TrafficComparison, TrafficMigration, TrafficQuestion } from './migration.ts';
export { compareTraffic, estimateTrafficMigration } from './migration.ts';
export type { GrowthPlan, GrowthPlanOptions, PlannedMonth, VolumeTier } from './planning/growth-plan.ts';
export { growthPlan } from './planning/growth-plan.ts';
export type { Investment, ReturnOnInvestment } from './planning/return-on-investment.ts';
export { returnOnInvestment } from './planning/return-on-investment.ts';
export type { MonthSum, SeasonalPlan, SeasonalPlanOptions } from './planning/seasonal-plan.ts';
export { seasonalPlan } from './planning/seasonal-plan.ts';
export type { EffortLevel, Evidence, OptimizationType } from './recommend/finding.ts';
export type { Retirement } from './recommend/price-changes.ts';
export type { Recommendations, RecommendOptions } from './recommend/recommend.ts';
export { recommend } from './recommend/recommend.ts';
export type { Recommendation } from './recommend/recommendation.ts';
export type { NotReplayable, ReplayableCall } from './replay.ts';
export type { Difference } from './statistics/compare.ts';
export type { Summary, SummaryQuery, SummaryRow } from './summarize.ts';
export { summarize, summarizeSums } from './summarize.ts';
export type { Scenario, ScenarioResult, WhatIf, WhatIfQuery } from './what-if.ts';
export { createWhatIf, moveScenario, whatIf } from './what-if.ts';
