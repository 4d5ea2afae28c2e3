import { withAttributes, withAttribution } from '@genops/register/api';
import OpenAI from 'openai';

const client = new OpenAI();
const question = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }], max_tokens: 20 };

await withAttributes({ customer_id: 'acme', experiment_id: 7, beta: true }, () =>
  client.chat.completions.create(question),
);
await withAttribution({ feature: 'rerank' }, () => client.chat.completions.create(question));
