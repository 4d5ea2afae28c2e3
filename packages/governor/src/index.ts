export type {
  ApiKeyRouter,
  ApiKeyRouterOptions,
  BudgetStatus,
  RequestTrace,
  RouteCallOptions,
  RoutedAnswer,
  RouteIntent,
  StateSummary,
} from './api-key-router/api-key-router.ts';
export { createApiKeyRouter } from './api-key-router/api-key-router.ts';
export type {
  PolicyRules,
  PolicyScope,
  PolicyType,
  RoutingPolicy,
} from './api-key-router/read-policy.ts';
export type { Directory, Found, MeteredRoute } from './directory.ts';
export { createDirectory, createRouteFinder } from './directory.ts';
export type { UploadReader } from './files.ts';
export type { Governor, GovernorOptions, WrappableClient } from './governor.ts';
export { createGovernor } from './governor.ts';
export type { GovernedRequest, Target } from './line.ts';
export type { Quote, QuotedPlace } from './quote.ts';
export type { FoundResults, ResultsReader } from './results/results-reader.ts';
export type {
  MirrorOptions,
  RouteOptions,
  RouteTargetOptions,
  RoutingOptions,
  SharedStateOptions,
} from './routes.ts';
export { signing } from './signing.ts';
export type {
  AnswerHandler,
  Client,
  Flow,
  Headers,
  OutboundRequest,
  Transport,
  TransportError,
} from './transport.ts';
export { timeoutError, transportError } from './web.ts';
