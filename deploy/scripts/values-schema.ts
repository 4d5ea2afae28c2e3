import { configJsonSchema } from '@genops/proxy';

const text = { type: 'string' };
const flag = { type: 'boolean' };
const count = { type: 'integer', minimum: 1 };
const map = { type: 'object', additionalProperties: text };
const list = { type: 'array' };
const any = { type: 'object' };
const strict = (properties: Readonly<Record<string, object>>): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
});

/**
 * The JSON Schema of the chart's values. `config` is checked as the proxy checks it, except that a chart's
 * defaults may leave it empty; its templates say so when it stays that way.
 */
export function valuesSchema(): object {
  const { required: _, $schema, ...config } = configJsonSchema() as Readonly<Record<string, unknown>>;
  return {
    $schema,
    title: 'Values of the GenOps chart',
    ...strict({
      global: any,
      image: strict({
        repository: { type: 'string', minLength: 1 },
        tag: text,
        digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
        pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
      }),
      imagePullSecrets: list,
      config,
      priceFiles: { ...map, propertyNames: { pattern: '^[A-Za-z0-9._-]+$' } },
      watchConfig: flag,
      existingSecret: text,
      env: list,
      replicaCount: { type: ['integer', 'null'], minimum: 1 },
      autoscaling: strict({
        enabled: flag,
        minReplicas: count,
        maxReplicas: count,
        targetCPUUtilizationPercentage: { ...count, maximum: 100 },
      }),
      podDisruptionBudget: strict({ enabled: flag, maxUnavailable: { type: ['integer', 'string'] } }),
      persistence: strict({ size: text, storageClassName: text, existingClaim: text }),
      service: strict({
        type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
        port: { ...count, maximum: 65535 },
      }),
      ingress: strict({
        enabled: flag,
        className: text,
        annotations: map,
        host: text,
        path: { type: 'string', pattern: '^/' },
        tlsSecretName: text,
      }),
      networkPolicy: strict({ enabled: flag, from: list, extraEgress: list }),
      serviceAccount: strict({ create: flag, name: text, annotations: map }),
      serviceMonitor: strict({ enabled: flag, interval: text, labels: map, tokenKey: text }),
      resources: any,
      podAnnotations: map,
      podLabels: map,
      nodeSelector: map,
      tolerations: list,
      affinity: any,
    }),
  };
}
