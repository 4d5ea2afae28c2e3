import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAddressGuard } from './address-guard.ts';
import { post } from './post.ts';

let canaryHits = 0;
let port: number;
const canary = createServer((_request, response) => {
  canaryHits += 1;
  response.end();
});
beforeAll(async () => {
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  port = (canary.address() as AddressInfo).port;
});
afterAll(() => {
  canary.close();
});

/** A resolver that says what a test wants, in turn. */
function resolver(...answers: string[][]): LookupFunction {
  let asked = 0;
  return (_hostname, options, done) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if ((options as { all?: boolean }).all === true) done(null, all as never, 0);
    else done(null, all[0]?.address ?? '', all[0]?.family ?? 4);
  };
}

const send = (url: string, options: Parameters<typeof createAddressGuard>[0] = {}) =>
  post({
    url: new URL(url),
    headers: {},
    body: '{}',
    signal: AbortSignal.timeout(5_000),
    guard: createAddressGuard(options),
  });

/** Ways to write an address of this machine, a private network, a link or a cloud's metadata. */
const forbiddenHosts = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
  '１２７.0.0.1',
  '127。0。0。1',
  '0.0.0.0',
  '0',
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '169.254.170.2',
  '0xa9fea9fe',
  '2852039166',
  '168.63.129.16',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:0:127.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::]',
  '[2001::1]',
  '[2001:db8::1]',
  '[fc00::1]',
  '[fd00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[100::1]',
];

/** What names can turn out to be. */
const forbiddenNames: readonly [string, string[]][] = [
  ['localhost', ['127.0.0.1']],
  ['localhost.', ['127.0.0.1']],
  ['anything.localhost', ['::1']],
  ['127.0.0.1.nip.example', ['127.0.0.1']],
  ['metadata.google.internal', ['169.254.169.254']],
  ['instance-data', ['169.254.169.254']],
  ['one-good-one-bad.example', ['93.184.216.34', '10.0.0.1']],
  ['mapped.example', ['::ffff:10.0.0.1']],
  ['nat64.example', ['64:ff9b::a00:1']],
  ['nobody.example', []],
];

describe('createAddressGuard', () => {
  it.each(forbiddenHosts.flatMap((host) => [[`https://${host}/hook`], [`http://${host}:8080/hook`]]))(
    'refuses %s before anything is connected',
    (text) => {
      const guard = createAddressGuard();
      expect(() => guard.checkUrl(new URL(text))).toThrow(/Nothing is sent to/);
    },
  );

  it.each(forbiddenNames)('refuses %s when its addresses are known', async (name, addresses) => {
    await expect(send(`https://${name}:${port}/`, { lookup: resolver(addresses) })).rejects.toThrow(
      /Nothing is sent to/,
    );
    expect(canaryHits).toBe(0);
  });

  it.each([
    ['https://user@hooks.example/', 'user name'],
    ['https://hooks.example:pass@127.0.0.1/', 'user name'],
    ['ftp://hooks.example/', 'neither https: nor http:'],
    ['file:///etc/passwd', 'neither https: nor http:'],
    ['data:text/plain,hello', 'neither https: nor http:'],
  ])('refuses %s', (text, why) => {
    expect(() => createAddressGuard().checkUrl(new URL(text))).toThrow(why);
  });

  it('lets public addresses pass, over TLS alone', async () => {
    const guard = createAddressGuard();
    guard.checkUrl(new URL('https://93.184.216.34/'));
    guard.checkUrl(new URL('https://[2606:2800:220:1:248:1893:25c8:1946]/'));
    expect(() => guard.checkUrl(new URL('http://93.184.216.34/'))).toThrow('http: is only for addresses');
    await expect(send('http://hooks.example/', { lookup: resolver(['93.184.216.34']) })).rejects.toThrow(
      'http: is only for addresses',
    );
  });

  it('looks again for every connection, so that a name that moved inside is refused then', async () => {
    const lookup = resolver(['127.0.0.1'], ['10.0.0.1']);
    const options = { lookup, allow: ['127.0.0.0/8'] };
    expect((await send(`http://moves.example:${port}/`, options)).status).toBe(200);
    await expect(send(`http://moves.example:${port}/`, options)).rejects.toThrow('Nothing is sent to');
    expect(canaryHits).toBe(1);
    canaryHits = 0;
  });

  it('connects to what it checked: a name is looked up once for each connection', async () => {
    let asked = 0;
    const lookup: LookupFunction = (hostname, options, done) => {
      asked += 1;
      resolver(['127.0.0.1'])(hostname, options, done);
    };
    await send(`http://pinned.example:${port}/`, { lookup, allow: ['127.0.0.1'] });
    expect([asked, canaryHits]).toEqual([1, 1]);
    canaryHits = 0;
  });

  it('lets names, addresses and ranges pass that are listed, however they are written', async () => {
    const inCluster = { lookup: resolver(['127.0.0.1']), allow: ['hooks.default.svc.cluster.local'] };
    expect((await send(`http://hooks.default.svc.cluster.local:${port}/`, inCluster)).status).toBe(200);
    expect((await send(`http://HOOKS.default.svc.cluster.local.:${port}/`, inCluster)).status).toBe(200);
    await expect(send(`http://other.svc.cluster.local:${port}/`, inCluster)).rejects.toThrow(
      'Nothing is sent',
    );
    createAddressGuard({ allow: ['127.0.0.1'] }).checkUrl(new URL('http://[::ffff:127.0.0.1]/'));
    createAddressGuard({ allow: ['fd00::/8'] }).checkUrl(new URL('https://[fd12::1]/'));
    canaryHits = 0;
  });

  it.each(['10.0.0.0/99', 'https://hooks.example', '10.0.0', 'a b', '', '*.example.com'])(
    'refuses to allow %j',
    (entry) => {
      expect(() => createAddressGuard({ allow: [entry] })).toThrow('allowAddresses');
    },
  );
});

describe('post', () => {
  it('does not follow a redirect, wherever it leads', async () => {
    const hop = createServer((_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end();
    });
    await new Promise<void>((resolve) => hop.listen(0, '127.0.0.1', resolve));
    const from = `http://127.0.0.1:${(hop.address() as AddressInfo).port}/`;
    expect((await send(from, { allow: ['127.0.0.1'] })).status).toBe(307);
    hop.close();
    expect(canaryHits).toBe(0);
  });

  it('reads no more of an answer than its beginning', async () => {
    const endless = createServer((_request, response) => {
      response.writeHead(500);
      const more = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.on('close', () => clearInterval(more));
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/`;
    const answer = await send(url, { allow: ['127.0.0.1'] });
    expect([answer.status, answer.body.length]).toEqual([500, 1_024]);
    endless.close();
  });
});
