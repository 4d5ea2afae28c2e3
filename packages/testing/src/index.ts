export type { CollectedSpan, Collector } from './collector.ts';
export { startCollector } from './collector.ts';
export type { SignatureCheck, SignatureScope, SignedRequest } from './upstream/aws-signature.ts';
export { checkSignature } from './upstream/aws-signature.ts';
export type { FakeUpstream, FakeUpstreamOptions } from './upstream/fake-upstream.ts';
export { startFakeUpstream } from './upstream/fake-upstream.ts';
export type { FixedUpstream, FixedUpstreamOptions } from './upstream/fixed-upstream.ts';
export { startFixedUpstream } from './upstream/fixed-upstream.ts';
export { anthropicFormat } from './upstream/formats/anthropic.ts';
export { azureFormat } from './upstream/formats/azure.ts';
export { bedrockFormat } from './upstream/formats/bedrock.ts';
export type { Answer, Endpoint, EndpointRequest, Piece, WireFormat } from './upstream/formats/format.ts';
export { BadRequest } from './upstream/formats/format.ts';
export { geminiFormat } from './upstream/formats/gemini.ts';
export { openaiFormat } from './upstream/formats/openai.ts';
export { openrouterFormat } from './upstream/formats/openrouter.ts';
export type { Http2Front } from './upstream/http2-front.ts';
export { startHttp2Front } from './upstream/http2-front.ts';
export type { JournalEntry } from './upstream/journal.ts';
export type {
  FakeError,
  FakeRequest,
  Fault,
  FaultPoint,
  Reply,
  ReplyRule,
  RequestMatcher,
} from './upstream/reply.ts';
