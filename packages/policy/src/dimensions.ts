import { type Attribution, attributeOf, type Call } from '@genops/core';

/** What rules and scopes can ask about a call. */
export type CallDimensions = Pick<Call, 'provider' | 'operation' | 'requestModel' | 'attribution'> & {
  readonly region?: string;
  readonly route?: string;
};

/** One dimension of a call by its name: `provider`, `model`, `operation`, `team`, `tags.<name>` … */
export function dimensionOf(call: CallDimensions, name: string): string | undefined {
  switch (name) {
    case 'provider':
      return call.provider;
    case 'model':
      return call.requestModel;
    case 'operation':
      return call.operation;
    case 'region':
      return call.region;
    case 'route':
      return call.route;
    default:
      return attributeOf(call.attribution satisfies Attribution, name);
  }
}
