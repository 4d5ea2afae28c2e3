import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Channel } from '../src/channels/channel.ts';
import { formMessage } from '../src/delivery/message.ts';
import { createEmailChannel } from '../src/email.ts';
import {
  type AlertMessage,
  createCallbackChannel,
  createDiscordChannel,
  createPagerDutyChannel,
  createSlackChannel,
  createTeamsChannel,
  createWebhookChannel,
  type DeliveryError,
} from '../src/index.ts';
import { alertNamed } from './named.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const nowMs = Date.now();
const allowAddresses = ['127.0.0.1'];
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
});
afterEach(() => void receiver.received.splice(0));
afterAll(() => receiver.close());

function message(changes: Partial<Parameters<typeof alertNamed>[1]> = {}, lasting = false): AlertMessage {
  const about = { id: 'msg_1', group: 'team-spend', source: 'genops@test', nowMs };
  return formMessage(
    about,
    [alertNamed('team-spend{team="search"}', { ruleId: 'team-spend', ...changes })],
    lasting,
  );
}

/** Names that callers chose, to be more than names. */
const hostile = message({
  severity: 'critical',
  labels: {
    team: '<!channel> <https://evil.example|click>',
    model: '@everyone **bold** [click](https://evil.example) <@123>',
    customerId: 'a\r\nBcc: everybody@example.com\u202egpj.exe',
  },
});

const send = (channel: Channel, one: AlertMessage) =>
  channel.send(one, { signal: AbortSignal.timeout(5_000), at: new Date() });

const lastBody = () => (receiver.received.at(-1) as Receiver['received'][number]).body;

async function failureOf(channel: Channel): Promise<DeliveryError> {
  return send(channel, message()).then(
    () => {
      throw new Error('It arrived');
    },
    (error: DeliveryError) => error,
  );
}

describe('createWebhookChannel', () => {
  const secret = `whsec_${Buffer.from('a secret of at least twenty-four bytes').toString('base64')}`;

  it('signs as any Standard Webhooks library verifies, under an id that stays the same', async () => {
    const channel = createWebhookChannel({ id: 'hook', url: `${receiver.url}/hook`, secret, allowAddresses });
    await send(channel, message());
    await send(channel, message());
    const [first, second] = receiver.received;
    expect(
      new Webhook(secret).verify(first?.text ?? '', first?.headers as Record<string, string>),
    ).toMatchObject({
      type: 'alert.firing',
      data: {
        id: 'msg_1',
        title: 'Warning: team-spend',
        alerts: [
          { key: 'team-spend{team="search"}', value: '11', expected: '10', labels: { team: 'search' } },
        ],
      },
    });
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(() =>
      new Webhook(secret).verify(`${first?.text} `, first?.headers as Record<string, string>),
    ).toThrow();
  });

  it('signs with the old and the new secret while they change', async () => {
    const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const channel = createWebhookChannel({
      id: 'hook',
      url: `${receiver.url}/hook`,
      secret: [() => other, secret],
      headers: { authorization: () => 'Bearer hush-hush' },
      allowAddresses,
    });
    await send(channel, message());
    const [{ text, headers }] = receiver.received as [Receiver['received'][number]];
    for (const one of [secret, other]) new Webhook(one).verify(text, headers as Record<string, string>);
    expect(headers.authorization).toBe('Bearer hush-hush');
  });

  it.each(['', 'whsec_', 'secret', 'whsec_c2hvcnQ=', 'changeme-changeme-changeme-changeme-changeme!'])(
    'refuses the secret %j: a signature with it would prove nothing',
    (weak) => {
      expect(() => createWebhookChannel({ id: 'hook', url: receiver.url, secret: weak })).toThrow(
        'expected a secret of 24 to 64 bytes in base64',
      );
    },
  );
});

describe('createSlackChannel', () => {
  const channel = () =>
    createSlackChannel({ id: 'slack', url: `${receiver.url}/services/T/B/x`, allowAddresses });

  it('posts blocks, and a text for notifications', async () => {
    await send(channel(), message({ description: 'Ask the search team' }));
    expect(receiver.received[0]?.body).toEqual({
      text: 'Warning: team-spend',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Warning: team-spend', emoji: false } },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            verbatim: true,
            text:
              '*warning · team-spend*\n11 USD were spent within 1 hour; the alert is above 10 USD\nteam: search\n' +
              'since 2026-11-30T08:00:00.000Z\nAsk the search team',
          },
        },
      ],
    });
  });

  it('mentions nobody, and links nowhere, whatever callers call themselves', async () => {
    await send(channel(), hostile);
    const text = JSON.stringify(receiver.received[0]?.body);
    expect(text).not.toMatch(/[<>]/);
    expect(text).toContain('&lt;!channel&gt;');
  });

  it('stays within fifty blocks and three thousand characters a block', async () => {
    const about = { id: 'm', group: 'g', source: 's', nowMs };
    const labels = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`l${index}`, 'x'.repeat(256)]),
    );
    const many = Array.from({ length: 60 }, (_, index) => alertNamed(`a${index}`, { labels }));
    await send(channel(), formMessage(about, many, false));
    const { blocks } = lastBody();
    expect(blocks).toHaveLength(50);
    expect(blocks.at(-1).text.text).toBe('and 12 more');
    expect(Math.max(...blocks.map((block: { text: { text: string } }) => block.text.text.length))).toBe(
      3_000,
    );
  });
});

describe('createTeamsChannel', () => {
  it('posts an adaptive card in which names are text', async () => {
    await send(createTeamsChannel({ id: 'teams', url: `${receiver.url}/workflow`, allowAddresses }), hostile);
    const { type, attachments } = lastBody();
    const [{ contentType, content }] = attachments;
    expect([type, contentType, content.type, content.version]).toEqual([
      'message',
      'application/vnd.microsoft.card.adaptive',
      'AdaptiveCard',
      '1.4',
    ]);
    const text = JSON.stringify(content.body);
    expect(text).not.toContain('"TextBlock"');
    expect(text).toContain('Critical: team-spend');
    expect(receiver.received[0]?.text.length).toBeLessThan(28_000);
  });
});

describe('createDiscordChannel', () => {
  it('posts an embed that mentions nobody', async () => {
    await send(
      createDiscordChannel({ id: 'discord', url: `${receiver.url}/webhooks/1/t`, allowAddresses }),
      hostile,
    );
    const { embeds, allowed_mentions: mentions } = lastBody();
    expect(mentions).toEqual({ parse: [] });
    expect(embeds).toMatchObject([{ title: 'Critical: team\\-spend', color: 0xe74c3c }]);
    expect(embeds[0].description).toContain('\\*\\*bold\\*\\* \\[click\\]');
  });
});

describe('createPagerDutyChannel', () => {
  const channel = () =>
    createPagerDutyChannel({
      id: 'pager',
      routingKey: () => 'R0UT1NGKEY',
      url: `${receiver.url}/v2/enqueue`,
      allowAddresses,
    });

  it('triggers, and resolves under the same deduplication key', async () => {
    await send(channel(), message({ severity: 'critical' }));
    await send(channel(), message({ status: 'resolved', endedAt: '2026-11-30T09:00:00.000Z' }));
    expect(receiver.received.map(({ body }) => body)).toMatchObject([
      {
        routing_key: 'R0UT1NGKEY',
        event_action: 'trigger',
        dedup_key: 'team-spend',
        payload: {
          summary: 'Critical: team-spend: 11 USD were spent within 1 hour; the alert is above 10 USD',
          source: 'genops@test',
          severity: 'critical',
          class: 'cost',
        },
      },
      { routing_key: 'R0UT1NGKEY', event_action: 'resolve', dedup_key: 'team-spend' },
    ]);
  });

  it('does not resolve while another alert of the group is firing', async () => {
    await send(channel(), message({ status: 'resolved' }, true));
    expect(receiver.received[0]?.body.event_action).toBe('trigger');
  });

  it('keeps to 255 characters for a key, whatever a customer is called', async () => {
    const long = { ...message(), group: `spend{customerId="${'c'.repeat(300)}"}` };
    await send(channel(), long);
    expect(receiver.received[0]?.body.dedup_key).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('createCallbackChannel', () => {
  it('calls a function, and passes on what it throws', async () => {
    const got: string[] = [];
    const call = async ({ title }: AlertMessage): Promise<void> => void got.push(title);
    await send(createCallbackChannel({ id: 'here', call }), message());
    expect(got).toEqual(['Warning: team-spend']);
    const throws = createCallbackChannel({
      id: 'here',
      call: () => {
        throw new Error('no');
      },
    });
    await expect(send(throws, message())).rejects.toThrow('no');
  });
});

describe('what a channel says of a failure', () => {
  const slack = () =>
    createSlackChannel({ id: 'slack', url: `${receiver.url}/services/T/B/s3cr3t`, allowAddresses });

  it.each<[number, boolean]>([
    [301, true],
    [307, true],
    [400, true],
    [403, true],
    [404, true],
    [408, false],
    [410, true],
    [425, false],
    [429, false],
    [500, false],
    [503, false],
  ])('%i: trying again cannot help: %s', async (status, permanent) => {
    receiver.answer({ status, headers: { location: 'http://169.254.169.254/' }, body: 'no_service' });
    expect(await failureOf(slack())).toMatchObject({
      code: 'delivery_failed',
      permanent,
      message: `Channel "slack" answered ${status}: no_service`,
    });
  });

  it.each<[string, number | undefined]>([
    ['7', 7_000],
    ['0.5', 500],
    ['86400', 3_600_000],
    ['Fri, 01 Jan 1999 00:00:00 GMT', undefined],
    ['soon', undefined],
    ['-1', undefined],
  ])('heeds Retry-After %j', async (value, expected) => {
    receiver.answer({ status: 429, headers: { 'retry-after': value } });
    expect((await failureOf(slack())).retryAfterMs).toBe(expected);
  });

  it('never has a secret in it, not even one that the receiver sends back', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64');
    const channel = createWebhookChannel({
      id: 'hook',
      url: `${receiver.url}/t0ken?key=s3cr3t`,
      secret: `whsec_${secret}`,
      headers: { authorization: 'Bearer hush-hush' },
      allowAddresses,
    });
    receiver.answer({ status: 400, body: `no /t0ken?key=s3cr3t for Bearer hush-hush and whsec_${secret}` });
    const error = await failureOf(channel);
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toMatch(
      /t0ken|s3cr3t|hush-hush|BwcHBwcH/,
    );
    const refused = createSlackChannel({ id: 'slack', url: 'https://127.0.0.1:1/services/T/B/s3cr3t' });
    const { message: why, permanent } = await failureOf(refused);
    expect([why, permanent]).toEqual([expect.stringContaining('Nothing is sent to 127.0.0.1'), true]);
    expect(why).not.toContain('s3cr3t');
    const down = createSlackChannel({
      id: 'slack',
      url: 'http://127.0.0.1:1/services/T/B/s3cr3t',
      allowAddresses,
    });
    expect(await failureOf(down)).toMatchObject({
      permanent: false,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('createEmailChannel', () => {
  const mails: { from: string; to: string[]; text: string }[] = [];
  let refuse: { responseCode: number; message: string } | undefined;
  let port = 0;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      if (username === 'genops' && password === 'hush-hush') return done(null, { user: username });
      return done(Object.assign(new Error('no hush'), { responseCode: 535 }));
    },
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      stream.on('end', () => {
        if (refuse !== undefined) return done(Object.assign(new Error(refuse.message), refuse));
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text,
        });
        return done();
      });
    },
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.server.address();
    if (address !== null && typeof address === 'object') port = address.port;
  });
  afterEach(() => {
    refuse = undefined;
    mails.splice(0);
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  const channel = (changes: Partial<Parameters<typeof createEmailChannel>[0]> = {}): Channel =>
    createEmailChannel({
      id: 'mail',
      host: '127.0.0.1',
      port,
      tls: 'none',
      username: 'genops',
      password: () => 'hush-hush',
      from: 'GenOps <alerts@example.com>',
      to: ['ops@example.com', 'cfo@example.com'],
      allowAddresses,
      ...changes,
    });

  it('sends plain text to everyone, with the same Message-ID on every try', async () => {
    await send(channel(), message());
    await send(channel(), message());
    const [first, second] = mails;
    expect(first).toMatchObject({ from: 'alerts@example.com', to: ['ops@example.com', 'cfo@example.com'] });
    expect(first?.text).toContain('Subject: Warning: team-spend');
    expect(first?.text.replace(/=\r\n/g, '')).toContain('11 USD were spent within 1 hour; the alert');
    expect(first?.text).toContain('Auto-Submitted: auto-generated');
    const idOf = (text = ''): string | undefined => /^Message-ID: (.*)$/im.exec(text)?.[1]?.trim();
    expect(idOf(first?.text)).toBe('<msg_1@alerts.genops>');
    expect(idOf(second?.text)).toBe(idOf(first?.text));
  });

  it('lets no name become a header', async () => {
    await send(channel(), {
      ...hostile,
      title: 'Warning\r\nBcc: evil@example.com',
      group: 'g\r\nBcc: evil@example.com',
    });
    expect(mails[0]?.to).toEqual(['ops@example.com', 'cfo@example.com']);
    const [head = ''] = (mails[0]?.text ?? '').split('\r\n\r\n');
    expect(head).not.toMatch(/^Bcc:/im);
  });

  it('takes 4xx for something that may pass and 5xx for something that will not, and hides the password', async () => {
    refuse = { responseCode: 451, message: 'later' };
    expect(await failureOf(channel())).toMatchObject({ permanent: false });
    refuse = { responseCode: 550, message: 'no such user' };
    expect(await failureOf(channel())).toMatchObject({
      permanent: true,
      message: expect.stringContaining('550'),
    });
    const wrong = await failureOf(channel({ password: 'wrong-hush' }));
    expect([wrong.permanent, wrong.message]).toEqual([true, expect.not.stringContaining('wrong-hush')]);
  });

  it('sends nothing to a server that cannot do TLS unless it is told to, nor to addresses that are not allowed', async () => {
    expect((await failureOf(channel({ tls: 'starttls' }))).message).toMatch(/STARTTLS|TLS/);
    expect(await failureOf(channel({ allowAddresses: [] }))).toMatchObject({
      permanent: true,
      message: expect.stringContaining('Nothing is sent to 127.0.0.1'),
    });
    const lookup = ((_host: string, _options: object, done: (...values: unknown[]) => void) =>
      done(null, [{ address: '10.0.0.1', family: 4 }])) as never;
    expect(
      (await failureOf(channel({ host: 'mail.example', lookup, allowAddresses: [] }))).message,
    ).toContain('Nothing is sent to mail.example');
    expect(mails).toEqual([]);
  });
});
