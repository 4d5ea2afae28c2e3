import { type AlertMessage, alertLines } from '../delivery/message.ts';
import { cut } from '../text/plain.ts';
import type { Channel, Secret } from './channel.ts';
import { createHttpChannel, type HttpChannelOptions } from './http-channel.ts';

export interface DiscordChannelOptions extends HttpChannelOptions {
  /** Of a webhook of the channel; a secret. */
  readonly url: Secret;
}

const colors = { info: 0x3498db, warning: 0xf1c40f, critical: 0xe74c3c, resolved: 0x2ecc71 } as const;

/**
 * Posts an embed to a Discord channel by a webhook. Nothing in an alert can mention anybody.
 *
 * @see https://docs.discord.com/developers/resources/webhook#execute-webhook (a stored copy, in excerpts, 2026-11-30)
 */
export function createDiscordChannel(options: DiscordChannelOptions): Channel {
  return createHttpChannel(options, options.url, (message) => ({ body: discordBody(message) }));
}

function discordBody({ title, status, severity, alerts, at }: AlertMessage): object {
  const texts = alerts.map((alert) => {
    const [first = '', ...others] = alertLines(alert).map(escaped);
    return [`**${first}**`, ...others].join('\n');
  });
  return {
    embeds: [
      {
        title: cut(escaped(title), 256),
        description: cut(texts.join('\n\n'), 4_000),
        color: colors[status === 'resolved' ? 'resolved' : severity],
        timestamp: at,
      },
    ],
    allowed_mentions: { parse: [] },
  };
}

/** Markdown as Discord reads it. */
function escaped(text: string): string {
  return text.replace(/[\\*_~`|>#[\]()<-]/g, '\\$&');
}
