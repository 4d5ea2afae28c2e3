import { alertsConfigSchema } from '@genops/alerts';

/** When people are told, and how. */
export const alertsSchema = alertsConfigSchema.meta({
  description: 'When people are told about spending and failures, and where. Default: nobody is.',
});
