import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { ConfigurationError } from '@genops/core';
import { createTransport } from 'nodemailer';
import { type AlertMessage, alertLines } from '../delivery/message.ts';
import { createAddressGuard } from '../http/address-guard.ts';
import type { Severity } from '../rules/schema.ts';
import { hide, plain } from '../text/plain.ts';
import { type Channel, DeliveryError, reveal, type Secret } from './channel.ts';

export interface EmailChannelOptions {
  readonly id: string;
  readonly minimumSeverity?: Severity;
  /** Of the SMTP server. */
  readonly host: string;
  /** @default 465 with `tls: 'implicit'`, else 587 */
  readonly port?: number;
  /** `starttls` refuses a server that cannot; `none` is for a server on an address that is listed. @default 'starttls' */
  readonly tls?: 'implicit' | 'starttls' | 'none';
  readonly username?: string;
  readonly password?: Secret;
  readonly from: string;
  readonly to: readonly string[];
  /** Host names, addresses and ranges that may be sent to although they are not on the public Internet. */
  readonly allowAddresses?: readonly string[];
  /** @default that of the system */
  readonly lookup?: LookupFunction;
}

/**
 * Sends each message as an e-mail of plain text over SMTP. Its Message-ID is the same on every try.
 *
 * @throws {ConfigurationError} when nobody is to get it
 */
export function createEmailChannel(options: EmailChannelOptions): Channel {
  const { id, minimumSeverity, host, tls = 'starttls', username, password, from, to } = options;
  if (to.length === 0) throw new ConfigurationError(`channel "${id}"`, 'expected one or more in "to"');
  const { allowAddresses: allow, lookup: own } = options;
  const guard = createAddressGuard({
    ...(allow !== undefined && { allow }),
    ...(own !== undefined && { lookup: own }),
  });
  const lookup = guard.lookupFor({ protocol: tls === 'none' ? 'http:' : 'https:' });
  const port = options.port ?? (tls === 'implicit' ? 465 : 587);
  return {
    id,
    ...(minimumSeverity !== undefined && { minimumSeverity }),
    async send(message, { signal }) {
      const secret = password === undefined ? undefined : reveal(password);
      const transport = createTransport({
        host: await addressOf(guard, lookup, host, tls),
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        tls: { ...(isIP(host) === 0 && { servername: host }) },
        ...(username !== undefined && { auth: { user: username, pass: secret ?? '' } }),
        connectionTimeout: 10_000,
        greetingTimeout: 10_000,
        socketTimeout: 20_000,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const stop = (): void => transport.close();
      signal.addEventListener('abort', stop, { once: true });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: message.title,
          text: textOf(message),
          messageId: `<${message.id}@alerts.genops>`,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-GenOps-Group': plain(message.group, 200) },
        });
      } catch (error) {
        throw failure(id, error, secret);
      } finally {
        signal.removeEventListener('abort', stop);
        transport.close();
      }
    },
  };
}

function textOf({ title, alerts, source }: AlertMessage): string {
  return [title, ...alerts.map((alert) => alertLines(alert).join('\n')), `Sent by ${source}`].join('\n\n');
}

/** Checked, so that the connection goes to what was checked; the name stays the one that TLS is for. */
async function addressOf(
  guard: ReturnType<typeof createAddressGuard>,
  lookup: LookupFunction,
  host: string,
  tls: NonNullable<EmailChannelOptions['tls']>,
): Promise<string> {
  if (isIP(host) !== 0) {
    const literal = isIP(host) === 6 ? `[${host}]` : host;
    guard.checkUrl(new URL(`${tls === 'none' ? 'http' : 'https'}://${literal}`));
    return host;
  }
  return new Promise((resolve, reject) => {
    lookup(host, {}, (error, address) => (error === null ? resolve(address as string) : reject(error)));
  });
}

interface SmtpError {
  readonly responseCode?: number;
  readonly code?: string;
}

/** SMTP says itself whether trying again can help: 4xx may pass, 5xx will not. */
function failure(id: string, error: unknown, secret: string | undefined): DeliveryError {
  const { responseCode, code } = error as SmtpError;
  const text = error instanceof Error ? error.message : String(error);
  const hidden = secret === undefined ? [] : [secret, Buffer.from(secret).toString('base64')];
  return new DeliveryError(hide(`Channel "${id}": ${plain(text, 300)}`, hidden), {
    permanent: responseCode === undefined ? code === 'EAUTH' : responseCode >= 500,
  });
}
