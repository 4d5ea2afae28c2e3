import {
  type Call,
  checkAttribution,
  currentAttribution,
  InvalidRequestError,
  mergeAttribution,
  type OpenedRequest,
} from '@genops/core';
import { withFile } from './files.ts';
import { attributionFromHeaders } from './headers.ts';
import type { GovernedRequest, Line, RoutedTargets, Target } from './line.ts';

/** A request that was read: what is asked, and who could answer. */
export interface ReadRequest {
  readonly request: GovernedRequest;
  readonly opened: OpenedRequest;
  readonly targets: readonly [Target, ...Target[]];
  /** The provider that the caller spoke to, whose credentials they may have sent. */
  readonly addressed: string;
  /** The route that is for the model, where there is one. */
  readonly routed?: Omit<RoutedTargets, 'targets'>;
}

/** A request and the call that it makes: for whom, of whom, when. */
export interface IdentifiedCall extends ReadRequest {
  readonly call: Call;
}

/**
 * Reads the request once.
 *
 * @throws {InvalidRequestError} when nobody could serve it
 */
export function identify(line: Line, request: GovernedRequest): ReadRequest {
  const bytes = request.body.byteLength;
  if (bytes > line.options.maxRequestBytes) {
    throw new InvalidRequestError(
      `The request has ${bytes} bytes; at most ${line.options.maxRequestBytes} are taken`,
    );
  }
  const opened = withFile(
    line.files,
    request.dialect.openRequest(request.body, request.path, request.headers['content-type']),
  );
  const model = opened.facts.requestModel;
  const addressed = request.targetsFor(model);
  // A copy goes where it is sent.
  const routed =
    request.mirrored === undefined ? line.routesFor(model, request.dialect, opened.facts.stream) : undefined;
  const [first, ...others] = routed === undefined ? addressed : ownFirst(routed.targets, addressed);
  if (first === undefined) {
    throw new InvalidRequestError(
      `No configured provider serves the model "${opened.facts.requestModel}"`,
      'model',
    );
  }
  return {
    request,
    opened,
    targets: [first, ...others],
    addressed: request.mirrored?.addressed ?? (addressed[0] ?? first).provider.id,
    ...(routed !== undefined && { routed }),
  };
}

/** The route's places; those of a provider that was addressed keep what is known of it, its key above all. */
function ownFirst(routed: readonly Target[], addressed: readonly Target[]): readonly Target[] {
  return routed.map((target) => {
    const same = addressed.find(
      ({ provider, route }) => provider.id === target.provider.id && route.path === target.route.path,
    );
    return same === undefined ? target : { ...same, ...target, provider: same.provider };
  });
}

/**
 * Says for whom the call is. What the caller is wins over what the call says, which wins over the context,
 * which wins over the defaults.
 *
 * @throws {ConfigurationError} when an attribute is not short, printable text
 */
export function attribute(line: Line, read: ReadRequest): IdentifiedCall {
  const { request, targets, opened } = read;
  const attribution = mergeAttribution(
    line.attribution,
    currentAttribution(),
    checkAttribution(attributionFromHeaders(request.headers)),
    request.identity ?? {},
  );
  const call: Call = {
    id: line.newId(),
    provider: targets[0].provider.id,
    operation: request.dialect.operation,
    requestModel: opened.facts.requestModel,
    stream: opened.facts.stream,
    attribution,
    at: line.now().toISOString(),
    ...(request.trace !== undefined && { trace: request.trace }),
  };
  return { ...read, call };
}
