import { lookup as lookupInDns } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { ConfigurationError } from '@genops/core';
import ipaddr from 'ipaddr.js';
import { DeliveryError } from '../channels/channel.ts';

/** Decides which addresses messages may be sent to. */
export interface AddressGuard {
  /** @throws {DeliveryError} when messages may not go to this URL, as far as its text tells */
  checkUrl(url: URL): void;
  /**
   * Looks a name up and refuses it when any of its addresses is not allowed. The connection is made to exactly
   * the addresses that were checked.
   */
  lookupFor(url: { readonly protocol: string }): LookupFunction;
}

export interface AddressGuardOptions {
  /**
   * Host names, addresses and ranges (`10.0.0.0/8`) that are not on the public Internet and may be sent to all
   * the same, also without TLS.
   */
  readonly allow?: readonly string[];
  /** @default that of the system */
  readonly lookup?: LookupFunction;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** The only part of IPv6 that is routed on the Internet (RFC 4291); what is reserved within it is known by name. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** Azure’s host talks to its machines from an address that looks public. */
const azureHost = '168.63.129.16';

/**
 * Keeps messages from going to where they have no business: this machine, private networks, link-local
 * addresses and the metadata services of clouds, however they are written or named.
 *
 * @throws {ConfigurationError} when `allow` has something else than names, addresses and ranges
 */
export function createAddressGuard(options: AddressGuardOptions = {}): AddressGuard {
  const { names, ranges } = allowed(options.allow ?? []);
  const lookup = options.lookup ?? (lookupInDns as LookupFunction);
  const isListed = (address: Address): boolean =>
    ranges.some(([range, bits]) => address.kind() === range.kind() && address.match([range, bits] as never));
  const refusal = (text: string, secure: boolean): string | undefined => {
    const address = plainAddress(text);
    if (address === undefined) return `${text} is no address`;
    if (isListed(address)) return undefined;
    if (!isPublic(address))
      return 'it is not on the public Internet; list it under allowAddresses if it is yours';
    return secure ? undefined : 'http: is only for addresses that are listed under allowAddresses';
  };

  return {
    checkUrl({ protocol, hostname, username, password }) {
      const refuse = (why: string): never => {
        throw new DeliveryError(`Nothing is sent to ${hostname}: ${why}`, { permanent: true });
      };
      if (protocol !== 'https:' && protocol !== 'http:') refuse(`${protocol} is neither https: nor http:`);
      if (username !== '' || password !== '') refuse('a URL with a user name in it may not be what it seems');
      const host = bareHost(hostname);
      if (names.has(host) || !ipaddr.isValid(host)) return;
      const why = refusal(host, protocol === 'https:');
      if (why !== undefined) refuse(why);
    },
    lookupFor: ({ protocol }) => {
      const guarded: LookupFunction = (hostname, lookupOptions, done) => {
        const host = bareHost(hostname);
        lookup(hostname, { ...lookupOptions, all: true }, (error, found) => {
          if (error !== null) return done(error, [], 0);
          const addresses = found as unknown as { address: string; family: number }[];
          const why = names.has(host)
            ? undefined
            : addresses.map(({ address }) => refusal(address, protocol === 'https:')).find(Boolean);
          const [first] = addresses;
          if (why !== undefined || first === undefined) {
            const message = `Nothing is sent to ${host}: ${why ?? 'it has no address'}`;
            return done(new DeliveryError(message, { permanent: why !== undefined }), [], 0);
          }
          if (lookupOptions.all === true) done(null, addresses as never, 0);
          else done(null, first.address, first.family);
        });
      };
      return guarded;
    },
  };
}

/** `[::1]` → `::1`, `localhost.` → `localhost`. */
function bareHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

/** An IPv4 address that is written as one of IPv6 is what it is. */
function plainAddress(text: string): Address | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  return ipaddr.process(text);
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv6) return address.match(globalUnicast);
  return address.toString() !== azureHost;
}

function allowed(list: readonly string[]): {
  names: ReadonlySet<string>;
  ranges: readonly [Address, number][];
} {
  const names = new Set<string>();
  const ranges: [Address, number][] = [];
  for (const entry of list) {
    if (isIP(entry.split('/')[0] ?? '') !== 0 && ipaddr.isValidCIDR(entry)) {
      ranges.push(ipaddr.parseCIDR(entry));
    } else if (isIP(entry) !== 0) {
      const address = ipaddr.process(entry);
      ranges.push([address, address.kind() === 'ipv4' ? 32 : 128]);
    } else if (/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(entry) && !/^[\d.]+$/.test(entry)) {
      names.add(bareHost(entry));
    } else {
      throw new ConfigurationError(
        'allowAddresses',
        `expected a host name, an address or a range such as 10.0.0.0/8, got "${entry}"`,
      );
    }
  }
  return { names, ranges };
}
