import type {
  Attribution,
  Dialect,
  GovernorEvent,
  ModelAt,
  Provider,
  ProviderRoute,
  TraceContext,
} from '@genops/core';
import type { Translation } from '@genops/dialects';
import type { Ledger } from '@genops/ledger';
import type { CompiledPolicy } from '@genops/policy';
import type { Pricing } from '@genops/pricing';
import type { Constraints, RouteRules, Router, RouteTarget } from '@genops/router';
import type { Files } from './files.ts';
import type { LimitsInForce } from './limits-in-force.ts';
import type { Mirrors } from './mirror.ts';
import type { Headers } from './transport.ts';

/** What the stages of the line work with: everything they need comes in here. */
export interface Line {
  readonly policy: CompiledPolicy;
  /** The limits that calls draw on: the policy's and all others in force. */
  readonly limits: LimitsInForce;
  readonly pricing: Pricing;
  readonly router: Router;
  /** Where calls for a model go, when that is not just where they were addressed to. */
  readonly routesFor: RouteLookup;
  readonly ledger: Ledger;
  /** What every call says unless it says otherwise. */
  readonly attribution: Attribution;
  readonly options: LineOptions;
  readonly now: () => Date;
  readonly newId: () => string;
  /** On whose price list a model of a provider is, by the provider's id. */
  readonly pricedAt: (place: ModelAt) => ModelAt;
  /** What was seen of files that orders name. */
  readonly files: Files;
  /** Sends copies of calls to where they are mirrored. */
  readonly mirrors: Mirrors;
  /** Keeps the sessions that a call is made in open until it is over. */
  readonly track: <Result>(call: Promise<Result>) => Promise<Result>;
  /** Aborted when the governor is closed: what comes then is recorded nowhere. */
  readonly closed: AbortSignal;
  /** Tells whoever listens. Never throws. */
  readonly announce: (event: GovernorEvent) => void;
  /** Takes errors that no caller can be told of. Never throws. */
  readonly onError: (error: unknown) => void;
}

export interface LineOptions {
  /** Of a call, all attempts and the answer included. */
  readonly timeoutMs: number;
  /** Of a stream: the longest silence between two chunks. */
  readonly idleTimeoutMs: number;
  /** How much longer than an attempt its hold lives, should nobody end it. */
  readonly holdGraceMs: number;
  readonly maxRequestBytes: number;
  /** Of an answer that is not a stream. */
  readonly maxAnswerBytes: number;
  /** `observe` refuses nothing. */
  readonly mode: 'enforce' | 'observe';
}

/** A call on its way in. */
export interface GovernedRequest {
  readonly method: string;
  /** Below the provider's base URL, query included: `/chat/completions`. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** How the caller writes and reads. */
  readonly dialect: Dialect;
  /** The places that could serve a model, the preferred one first; empty when there is none. */
  readonly targetsFor: (requestModel: string) => readonly Target[];
  /** How the places are to be ordered, and what they must be. @default as the route, or the router, says */
  readonly routing?: {
    readonly strategy?: string;
    readonly constraints?: Constraints;
    readonly rules?: RouteRules;
  };
  /** What the caller is, whatever the call says: a virtual key's attributes. */
  readonly identity?: Attribution;
  /** The trace that the caller said it is part of. */
  readonly trace?: TraceContext;
  /** Set on a copy of a call for another place: it goes there and nowhere else. */
  readonly mirrored?: Mirrored;
}

/** What a copy of a call knows of the call that it repeats. */
export interface Mirrored {
  readonly name: string;
  readonly operationId: string;
  /** The provider that the caller spoke to, whose credentials they may have sent. */
  readonly addressed: string;
}

/** One place that could serve the call. */
export interface Target
  extends Partial<
    Pick<RouteTarget, 'region' | 'tier' | 'capabilities' | 'contextTokens' | 'quality' | 'zeroRetention'>
  > {
  readonly provider: Provider;
  readonly route: Extract<ProviderRoute, { kind: 'metered' }>;
  /** Where the provider does not speak as the caller does. */
  readonly translation?: Translation;
  /** Asked for instead of the model that the caller named. */
  readonly model?: string;
  /** Replaces the caller's own credentials. */
  readonly apiKey?: { readonly id: string; readonly secret: string };
  /** In an experiment: how large a part of the calls goes here first. */
  readonly share?: number;
}

/** A place that gets copies of calls. */
export interface Mirror {
  readonly name: string;
  readonly target: Target;
  /** 0 to 1. */
  readonly share: number;
  /** How many more copies may be under way now. */
  readonly slots: { free: number };
}

/** The places that a route names for a model, and how to order them; undefined when no route is for it. */
export type RouteLookup = (
  requestModel: string,
  dialect: Dialect,
  stream: boolean,
) => RoutedTargets | undefined;

export interface RoutedTargets {
  readonly targets: readonly Target[];
  readonly strategy?: string;
  readonly constraints?: Constraints;
  /** Name of the experiment that the targets' shares are for. */
  readonly split?: string;
  readonly rules?: RouteRules;
  readonly mirror?: Mirror;
}
