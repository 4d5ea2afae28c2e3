import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendError, sendJson } from '../send.ts';
import { presentedKey } from '../virtual-keys.ts';
import type { Admin } from './admin.ts';
import type { Answer } from './answer.ts';
import { createKeyRoutes } from './keys.ts';
import { createLooks, type LooksOptions } from './looks.ts';

/** Answers requests below `/api/v1`. */
export type Management = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export const managementPath = '/api/v1/';

/** What the proxy's operators can see and do: keys, providers, policies, budgets, state and requests. */
export function createManagement(admin: Admin, options: LooksOptions): Management {
  const looks = createLooks(options);
  const keys = createKeyRoutes(
    options.governor.router.keys,
    options.providers.map(({ provider }) => provider.id),
    options.transitions,
  );

  const answer = async (request: IncomingMessage, url: URL): Promise<Answer> => {
    const { method = 'GET' } = request;
    const [list = '', id, part, ...more] = url.pathname
      .slice(managementPath.length)
      .split('/')
      .map((segment) => decodeURIComponent(segment));
    const query = url.searchParams;
    const route =
      more.length > 0
        ? ''
        : [method, list, ...(id === undefined ? [] : [':id']), part].filter(Boolean).join(' ');
    switch (route) {
      case 'GET keys':
        return keys.list(query);
      case 'POST keys':
        return keys.register(request);
      case 'GET keys :id':
        return keys.get(id as string);
      case 'DELETE keys :id':
        return keys.revoke(id as string);
      case 'PUT keys :id state':
        return keys.setState(id as string, request);
      case 'POST keys :id rotation':
        return keys.rotate(id as string, request);
      case 'GET keys :id audit':
        return keys.audit(id as string, query);
      case 'GET providers':
        return looks.providers(query);
      case 'GET policies':
        return looks.policies(query);
      case 'GET budgets':
        return looks.budgets(query);
      case 'GET state':
        return looks.state(query);
      case 'GET requests':
        return looks.requests(query);
      case 'GET requests :id':
        return looks.request(id as string);
      case 'POST providers':
      case 'POST policies':
      case 'POST budgets':
        return {
          status: 405,
          code: 'method_not_allowed',
          message: `What is configured stands in genops.yaml: genops ${{ providers: 'provider add', policies: 'policy set', budgets: 'budget set' }[list]}`,
        };
      default:
        return {
          status: 404,
          code: 'not_found',
          message: `There is no ${method} ${url.pathname.slice(0, 200)}`,
        };
    }
  };

  return async (request, response) => {
    response.setHeader('cache-control', 'no-store');
    const admission = admin(presentedKey(request.headers), request.socket.remoteAddress ?? '');
    if (admission.result !== 'admitted') {
      request.resume();
      if (admission.result === 'unknown')
        return sendError(
          response,
          401,
          'authentication_error',
          'invalid_api_key',
          'The key is not that of an administrator',
        );
      response.setHeader('retry-after', String(admission.retryAfterSeconds));
      return sendError(
        response,
        429,
        'rate_limit_error',
        'too_many_failures',
        'Too many wrong keys came from this address',
      );
    }
    const url = urlOf(request);
    const answered = url === undefined ? undefined : await answer(request, url);
    // What nobody read is let go, so that the connection can be used again.
    request.resume();
    if (answered === undefined)
      return sendError(response, 400, 'invalid_request_error', 'invalid_url', 'The URL cannot be read');
    if (answered.status === 204) {
      response.writeHead(204);
      response.end();
      return;
    }
    if ('body' in answered) return sendJson(response, answered.status, answered.body);
    sendError(response, answered.status, 'invalid_request_error', answered.code, answered.message);
  };
}

function urlOf({ url = '/' }: IncomingMessage): URL | undefined {
  try {
    const parsed = new URL(url, 'http://management');
    decodeURIComponent(parsed.pathname);
    return parsed;
  } catch {
    return undefined;
  }
}
