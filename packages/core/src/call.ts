import type { Attribution } from './attribution.ts';

/** What kind of work a call is, in the words of OpenTelemetry GenAI. */
export type Operation =
  | 'chat'
  | 'text_completion'
  | 'generate_content'
  | 'embeddings'
  | 'rerank'
  | 'image_generation'
  | 'video_generation'
  | 'speech'
  | 'transcription'
  | 'moderation'
  | 'batch'
  | 'fine_tuning'
  | 'count_tokens'
  | 'list_models';

/** One call that an application makes: who, for whom, what. */
export interface Call {
  /** Unique; the operation that all its attempts belong to. */
  readonly id: string;
  readonly provider: string;
  readonly operation: Operation;
  readonly requestModel: string;
  readonly stream: boolean;
  readonly attribution: Attribution;
  /** When it was identified, an instant in UTC. */
  readonly at: string;
  /** The trace that it belongs to, as its caller said it. */
  readonly trace?: TraceContext;
}

/** A place in a trace, in the two headers of W3C Trace Context. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}
