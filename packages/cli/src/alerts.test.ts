import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createAlerts, createCallbackChannel, DeliveryError } from '@genops/alerts';
import { openSqliteOutbox } from '@genops/alerts/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from './command-line.ts';

let data: string;
let server: Server;
let url: string;
let status = 200;
const received: unknown[] = [];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'genops-cli-'));
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push(JSON.parse(text));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/s3cr3t`;
});
afterEach(() => {
  server.close();
  received.splice(0);
  status = 200;
});

async function genops(...values: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const code = await runCommandLine(values, {
    write: (text) => {
      output += text;
    },
    writeError: (text) => {
      output += text;
    },
    environment: { SLACK_URL: url, GENOPS_DATA_DIR: data },
    standardInput: Readable.from([]),
    now: () => new Date(),
  });
  return { code, output };
}

describe('genops alerts test', () => {
  async function configuration(yaml: string): Promise<string> {
    const file = join(data, 'genops.yaml');
    await writeFile(file, yaml);
    return file;
  }
  const good = `
server: { port: 1 }
alerts:
  channels:
    - { id: ops, type: slack, url: env:SLACK_URL }
    - { id: other, type: slack, url: env:NOT_SET }
  allowAddresses: [127.0.0.1]
`;

  it('sends a message to the channel that it names, whatever is wrong with others', async () => {
    const file = await configuration(good);
    expect(await genops('alerts', 'test', 'ops', '--config', file)).toEqual({
      code: 0,
      output: 'A test message to "ops" arrived\n',
    });
    expect(received).toMatchObject([{ text: 'For information: test' }]);
  });

  it('says why it does not arrive, without the secret', async () => {
    const file = await configuration(good);
    status = 404;
    expect(await genops('alerts', 'test', 'ops', '--config', file)).toEqual({
      code: 1,
      output: 'Channel "ops" answered 404\n',
    });
  });

  it.each<[string, string, string]>([
    ['nobody', good, 'expected one of ops, other, got "nobody"'],
    ['other', good, 'the environment variable NOT_SET is not set'],
    ['ops', 'alerts: [', 'expected YAML'],
    ['ops', 'server: {}', 'it has no "alerts"'],
    ['ops', 'alerts: { channels: [{ id: ops, type: irc }] }', 'alerts.channels[0].type'],
  ])('refuses %s in %j', async (channel, yaml, why) => {
    const { code, output } = await genops('alerts', 'test', channel, '--config', await configuration(yaml));
    expect([code, output]).toEqual([2, expect.stringContaining(why)]);
  });

  it('refuses a file that is not there', async () => {
    expect(await genops('alerts', 'test', 'ops', '--config', join(data, 'no.yaml'))).toMatchObject({
      code: 2,
    });
  });
});

describe('genops alerts list and resend', () => {
  it('have nothing to say where nothing was ever given up', async () => {
    expect(await genops('alerts', 'list')).toEqual({ code: 0, output: 'Every message arrived\n' });
  });

  it('show what was given up, and have it sent again by whoever delivers', async () => {
    let down = true;
    const got: string[] = [];
    const alerts = createAlerts({
      rules: [],
      channels: [
        createCallbackChannel({
          id: 'ops',
          call: ({ id }) => {
            if (down) throw new DeliveryError('no such place', { permanent: true });
            got.push(id);
          },
        }),
      ],
      outbox: openSqliteOutbox({ path: join(data, 'alerts.db') }),
      tickMs: 5,
      onError: () => {},
    });
    alerts.tell({ id: 'one', name: 'broken', summary: 'It broke' });
    await expect.poll(() => alerts.deadLetters().length).toBe(1);
    const [dead] = alerts.deadLetters();
    const id = dead?.message.id ?? '';

    const listed = await genops('alerts', 'list');
    expect(listed.code).toBe(1);
    expect(listed.output).toContain(
      `${id}  ${dead?.message.at}  ops  Warning: broken\n  1 tries; no such place`,
    );
    expect(JSON.parse((await genops('alerts', 'list', '--json')).output)).toMatchObject([{ channel: 'ops' }]);
    expect(await genops('alerts', 'resend')).toMatchObject({ code: 2 });
    expect(await genops('alerts', 'resend', 'nobody')).toMatchObject({ code: 1 });

    down = false;
    expect(await genops('alerts', 'resend', '--all')).toEqual({
      code: 0,
      output: '1 messages are sent again\n',
    });
    await expect.poll(() => got).toEqual([id]);
    expect(await genops('alerts', 'list')).toMatchObject({ code: 0 });
    await alerts.close();
  });
});
