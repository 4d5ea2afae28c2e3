// Adds notices to an outbox until it is killed, and says of each when it is in.
import { writeSync } from 'node:fs';
import { formMessage } from '../src/delivery/message.ts';
import { openSqliteOutbox } from '../src/delivery/sqlite-outbox.ts';
import { alertNamed } from './named.ts';

const [, , path = '', round = ''] = process.argv;
const start = Date.parse('2026-11-30T08:00:00Z');
const outbox = openSqliteOutbox({ path });

for (let one = 0; one < 100_000; one += 1) {
  const name = `${round}-${one}`;
  const group = `g${one % 7}`;
  const dueMs = start - 1;
  outbox.add(
    [{ id: name, channel: 'ops', group, alert: alertNamed(name), dueMs, forgetMs: start + 1e6 }],
    [],
    start,
  );
  writeSync(1, `${name}\n`);
  const make = (of: string, alerts: Parameters<typeof formMessage>[1], lasting: boolean) =>
    formMessage({ id: `msg_${name}_${of}`, group: of, source: 'test', nowMs: start }, alerts, lasting);
  if (one % 3 === 0) outbox.form(start, make);
  for (const { message } of outbox.due(start, 2)) outbox.retry(message.id, start, 'down');
}
