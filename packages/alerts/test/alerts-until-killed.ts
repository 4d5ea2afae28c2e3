// Tells of ten limits while nobody receives, and says when tries have failed.
import { createAlerts, createWebhookChannel } from '../src/index.ts';
import { openSqliteOutbox } from '../src/sqlite.ts';
import { threshold } from './entries.ts';

const [, , path = '', port = '', secret = ''] = process.argv;
const allowAddresses = ['127.0.0.1'];
const alerts = createAlerts({
  rules: [{ id: 'budget', kind: 'threshold', at: [80], groupWaitSeconds: 0 }],
  channels: [
    createWebhookChannel({ id: 'hook', url: `http://127.0.0.1:${port}/hook`, secret, allowAddresses }),
  ],
  outbox: openSqliteOutbox({ path }),
  tickMs: 5,
  delivery: { maxAttempts: 1_000_000 },
});
for (let limit = 0; limit < 10; limit += 1) alerts.listener(threshold(80, { limitId: `l${limit}` }));
setInterval(() => {
  if (alerts.stats().failedAttempts > 5) process.stdout.write('failed\n');
}, 5);
