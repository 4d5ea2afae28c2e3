export type { AskedChat, ChatQuestion } from './ask-chat.ts';
export { anotherModelMayHelp, askChat, chatFacts } from './ask-chat.ts';
export type { Attribution, AttributionDimension } from './attribution.ts';
export {
  attributeOf,
  attributionDimensions,
  attributionLimits,
  checkAttribution,
  currentAttribution,
  mergeAttribution,
  withAttribution,
} from './attribution.ts';
export type { Call, Operation, TraceContext } from './call.ts';
export type {
  CallGovernor,
  EntryConditions,
  EntrySum,
  GovernableClient,
  RankedModel,
  RankObjective,
  RankQuestion,
  UsageRecord,
} from './call-governor.ts';
export type {
  ChatAnswer,
  ChatClient,
  ChatMessage,
  ChatPromise,
  ChatRequest,
  ChatRequestOptions,
} from './chat-client.ts';
export type { Cost, CostBasis, CostLine, PriceReference, UnpricedReason } from './cost.ts';
export { freeCost } from './cost.ts';
export type {
  Decision,
  ReasonCode,
  Refusal,
  Routing,
  RoutingCandidate,
  RoutingFacts,
  RoutingKey,
  RoutingQuestion,
  Verdict,
} from './decision.ts';
export { refusalCode } from './decision.ts';
export type {
  AnswerFacts,
  Dialect,
  GatewayRouting,
  OpenedRequest,
  RequestChanges,
  RequestFacts,
  StreamFacts,
  StreamReader,
  WireError,
} from './dialect.ts';
export type { ErrorCode } from './errors.ts';
export {
  ConfigurationError,
  CurrencyMismatchError,
  checkOneOf,
  describe,
  GenOpsError,
  hasErrorCode,
  InvalidRequestError,
  isGenOpsError,
  MoneyError,
  UsageError,
} from './errors.ts';
export type {
  AttemptTiming,
  BreakerChanged,
  GovernorEvent,
  GovernorListener,
  KeyChanged,
  StageTiming,
} from './events.ts';
export type { EntryKind, LedgerEntry, Outcome } from './ledger-entry.ts';
export type {
  CalendarPeriod,
  Limit,
  LimitEdge,
  LimitMode,
  LimitScope,
  LimitState,
  LimitUnit,
  LimitWindow,
  TemporaryIncrease,
} from './limit.ts';
export { catalogueProvider, makerOf } from './model-maker.ts';
export type { Money, MoneyJson } from './money.ts';
export {
  addMoney,
  amountOf,
  compareMoney,
  Decimal,
  formatMoney,
  money,
  moneyFromJson,
  moneyToJson,
  multiplyMoney,
  parseDecimal,
  roundMoney,
  subtractMoney,
  sumMoney,
} from './money.ts';
export type {
  ModelAt,
  OrderResults,
  Provider,
  ProviderRoute,
  ProviderSetup,
  ReceiptRoute,
  ResultDocument,
  ResultLine,
  ResultLines,
  ResultsFormat,
  UnsignedRequest,
  UploadFormat,
} from './provider.ts';
export { defineProvider, freeRoutes, meteredRoutes, refusedRoutes, withBaseUrl } from './provider.ts';
export type {
  Session,
  SessionBudget,
  SessionOptions,
  SessionReport,
  SessionTotals,
  StepOptions,
} from './session.ts';
export type { SnakeCaseUsage } from './snake-case-usage.ts';
export { usageFromSnake, usageToSnake } from './snake-case-usage.ts';
export type { Meter, MeterQuantities, Usage, UsageCounter } from './usage.ts';
export { addUsage, checkUsage, meters, splitUsage, usageCounters } from './usage.ts';
