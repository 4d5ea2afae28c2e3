// What alerts cost a call: the listener, which is all that a call waits for, and the counting that happens later.
import { alertPresets, createAlerts, createCallbackChannel, createMemoryOutbox } from '@genops/alerts';
import { settled } from '../test/entries.ts';

const calls = 200_000;
const rules = [
  ...alertPresets.platform,
  ...alertPresets.openrouter.map((rule) => ({ ...rule, id: `or-${rule.id}` })),
];
const alerts = createAlerts({
  rules,
  channels: [createCallbackChannel({ id: 'nowhere', call: () => {} })],
  outbox: createMemoryOutbox(),
  maxWaitingEvents: calls,
});
const start = Date.now();
const events = Array.from({ length: calls }, (_, index) =>
  settled({
    atMs: start + index,
    team: `team-${index % 20}`,
    customerId: `customer-${index % 500}`,
    model: `model-${index % 8}`,
    cost: '0.000415',
    durationMs: 200 + (index % 1_000),
  }),
);

/** Processor time, in microseconds: what others do on this machine does not count. */
function spent(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const listened = spent(() => {
  for (const event of events) alerts.listener(event);
});
const counted = spent(() => alerts.tick());
const judged = spent(() => alerts.tick());
process.stdout.write(
  `${rules.length} rules, ${calls} calls of 20 teams, 500 customers, 8 models\n` +
    `listener  ${((listened / calls) * 1e3).toFixed(0)} ns a call\n` +
    `counting  ${(counted / calls).toFixed(1)} µs a call, later\n` +
    `judging   ${(judged / 1e3).toFixed(1)} ms, every five seconds\n`,
);
await alerts.close();
