import { createGovernor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import OpenAI from 'openai';

const governor = createGovernor({ providers: [openai], ledger: createMemoryLedger() });
const client = governor.wrap(new OpenAI());
await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Hello?' }],
  max_tokens: 20,
});
const { entries } = await governor.ledger.entries();
process.stdout.write(JSON.stringify(entries));
await governor.close();
