import type { Alert } from '../alert.ts';
import { type AlertMessage, alertLines } from '../delivery/message.ts';
import { cut } from '../text/plain.ts';
import type { Channel, Secret } from './channel.ts';
import { createHttpChannel, type HttpChannelOptions } from './http-channel.ts';

export interface SlackChannelOptions extends HttpChannelOptions {
  /** Of an incoming webhook: whoever knows it can write to the channel, so it is a secret. */
  readonly url: Secret;
}

/** Blocks in one message: 50; the header and the line about the rest take two. */
const mostAlerts = 48;

/**
 * Posts to a Slack channel by an incoming webhook, as blocks with a plain text beside them for notifications.
 * Nothing in an alert can mention a person or a channel.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (a stored copy, in excerpts, 2026-11-30)
 * @see https://docs.slack.dev/reference/block-kit/blocks/section-block (a stored copy, in excerpts, 2026-11-30)
 */
export function createSlackChannel(options: SlackChannelOptions): Channel {
  return createHttpChannel(options, options.url, (message) => ({ body: slackBody(message) }));
}

function slackBody({ title, alerts }: AlertMessage): object {
  const shown = alerts.slice(0, mostAlerts);
  const rest = alerts.length - shown.length;
  return {
    text: escaped(title),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(title, 150), emoji: false } },
      ...shown.map((alert) => section(textOf(alert))),
      ...(rest > 0 ? [section(`and ${rest} more`)] : []),
    ],
  };
}

function section(text: string): object {
  return { type: 'section', text: { type: 'mrkdwn', text: cut(text, 3_000), verbatim: true } };
}

function textOf(alert: Alert): string {
  const [first = '', ...others] = alertLines(alert).map(escaped);
  return [`*${first}*`, ...others].join('\n');
}

/** Slack’s three control characters. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
