import { type AlertMessage, alertLines } from '../delivery/message.ts';
import { cut } from '../text/plain.ts';
import type { Channel, Secret } from './channel.ts';
import { createHttpChannel, type HttpChannelOptions } from './http-channel.ts';

export interface TeamsChannelOptions extends HttpChannelOptions {
  /** Of a workflow that posts to a channel when a webhook request is received; a secret. */
  readonly url: Secret;
}

/** A card may have 28 KB. */
const mostAlerts = 15;

/**
 * Posts an Adaptive Card to a Microsoft Teams channel by a workflow’s webhook (the older connectors are retired).
 * Names stand in text runs, in which Teams reads no Markdown.
 *
 * @see https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using (a stored copy, in excerpts, 2026-11-30)
 */
export function createTeamsChannel(options: TeamsChannelOptions): Channel {
  return createHttpChannel(options, options.url, (message) => ({
    body: {
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            msteams: { width: 'Full' },
            body: cardBody(message),
          },
        },
      ],
    },
  }));
}

const colors = { info: 'accent', warning: 'warning', critical: 'attention' } as const;

function cardBody({ title, status, severity, alerts }: AlertMessage): object[] {
  const rest = alerts.length - mostAlerts;
  const run = (text: string, style: object = {}): object => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: cut(text, 1_000), ...style }],
  });
  return [
    run(title, { size: 'large', weight: 'bolder', color: status === 'resolved' ? 'good' : colors[severity] }),
    ...alerts.slice(0, mostAlerts).map((alert) => {
      const [first = '', ...others] = alertLines(alert);
      return {
        type: 'Container',
        separator: true,
        items: [run(first, { weight: 'bolder' }), ...others.map((line) => run(line))],
      };
    }),
    ...(rest > 0 ? [run(`and ${rest} more`)] : []),
  ];
}
