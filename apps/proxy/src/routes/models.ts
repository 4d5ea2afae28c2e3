import type { ServerResponse } from 'node:http';
import type { ConfiguredProvider } from '../app.ts';
import { sendJson } from '../send.ts';

/** The models that calls can name, as OpenAI lists them. A model goes to the first provider that serves it. */
export function answerModels(response: ServerResponse, providers: readonly ConfiguredProvider[]): void {
  const owners = new Map<string, string>();
  for (const { provider, models } of providers) {
    for (const model of models) if (!owners.has(model)) owners.set(model, provider.id);
  }
  const data = [...owners].map(([id, owner]) => ({ id, object: 'model', created: 0, owned_by: owner }));
  sendJson(response, 200, { object: 'list', data });
}
