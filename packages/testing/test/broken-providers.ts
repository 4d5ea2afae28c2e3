import type { Dialect, Provider } from '@genops/core';
import { testProvider } from '../src/conformance/index.ts';
import { plain, plainDialect, plainFixtures } from './plain-provider.ts';

/** Providers with one fault each. Run by conformance.test.ts in a vitest of its own, where they have to fail. */
const broken: Readonly<Record<string, Provider>> = {
  'key-in-two-headers': { ...plain, authorize: (key) => ({ 'x-key': key, cookie: key }) },
  'first-key-for-ever': { ...plain, authorize: () => ({ 'x-key': 'sk-one' }) },
  'two-routes-for-one-path': { ...plain, routes: [...plain.routes, ...plain.routes.slice(1)] },
  'route-without-fixtures': {
    ...plain,
    routes: [...plain.routes, { kind: 'metered', method: 'POST', path: '/sing', dialect: plainDialect }],
  },
  'copied-request': dialect({
    openRequest: (bytes, path) => plainDialect.openRequest(Buffer.from(bytes), path),
  }),
  'forgetful-rewrite': dialect({
    openRequest: (bytes, path) => ({
      ...plainDialect.openRequest(bytes, path),
      rewrite: ({ maxOutputTokens }) =>
        maxOutputTokens === undefined
          ? bytes
          : Buffer.from(JSON.stringify({ model: 'p-1', cap: maxOutputTokens })),
    }),
  }),
  'no-usage-in-answers': dialect({ readAnswer: () => ({}) }),
  'cannot-read-cut-events': dialect({
    createStreamReader(options) {
      let reader = plainDialect.createStreamReader(options);
      let before = reader.facts();
      return {
        push(chunk) {
          const passed = [...reader.push(chunk), ...reader.flush()];
          before = {
            ...before,
            ...reader.facts(),
            outputBytes: before.outputBytes + reader.facts().outputBytes,
          };
          reader = plainDialect.createStreamReader(options);
          return passed;
        },
        flush: () => [],
        facts: () => before,
      };
    },
  }),
  'complete-from-the-start': dialect({
    createStreamReader(options) {
      const reader = plainDialect.createStreamReader(options);
      return { ...reader, facts: () => ({ ...reader.facts(), complete: true }) };
    },
  }),
  'error-of-another-shape': dialect({
    renderError: ({ message }) => Buffer.from(JSON.stringify({ failure: { message } })),
  }),
};

function dialect(changes: Partial<Dialect>): Provider {
  const changed = { ...plainDialect, ...changes };
  return { ...plain, routes: [{ kind: 'metered', method: 'POST', path: '/say', dialect: changed }] };
}

for (const [id, provider] of Object.entries(broken)) testProvider({ ...provider, id }, plainFixtures);
