export { specificationVersion } from './span-attributes.ts';
export type { TelemetryOptions } from './telemetry.ts';
export { createTelemetry } from './telemetry.ts';
