import { createHash } from 'node:crypto';
import { type AlertMessage, alertLines } from '../delivery/message.ts';
import { cut } from '../text/plain.ts';
import { type Channel, reveal, type Secret } from './channel.ts';
import { createHttpChannel, type HttpChannelOptions } from './http-channel.ts';

export interface PagerDutyChannelOptions extends HttpChannelOptions {
  /** The integration key of a service, 32 characters. */
  readonly routingKey: Secret;
  /** @default 'https://events.pagerduty.com/v2/enqueue'; in Europe https://events.eu.pagerduty.com/v2/enqueue */
  readonly url?: string;
}

/**
 * Triggers one PagerDuty alert for each group and resolves it when no alert of the group is left. The group is its
 * deduplication key, so replicas that see the same thing make one alert.
 *
 * @see https://developer.pagerduty.com/docs/send-alert-event (a stored copy, in excerpts, 2026-11-30)
 */
export function createPagerDutyChannel(options: PagerDutyChannelOptions): Channel {
  const { url = 'https://events.pagerduty.com/v2/enqueue', routingKey } = options;
  return createHttpChannel(
    options,
    url,
    (message) => ({ body: { routing_key: reveal(routingKey), ...eventOf(message) } }),
    () => [reveal(routingKey)],
  );
}

function eventOf({ group, status, severity, title, alerts, source, at }: AlertMessage): object {
  const key = { dedup_key: group.length <= 255 ? group : createHash('sha256').update(group).digest('hex') };
  if (status === 'resolved') return { ...key, event_action: 'resolve' };
  const [first] = alerts;
  const summary = alerts.length === 1 && first !== undefined ? `${title}: ${first.summary}` : title;
  return {
    ...key,
    event_action: 'trigger',
    client: 'GenOps',
    payload: {
      summary: cut(summary, 1_024),
      source,
      severity,
      timestamp: at,
      component: 'llm',
      group: cut(group, 255),
      class: first?.kind ?? 'alert',
      custom_details: Object.fromEntries(alerts.map((alert) => [alert.key, alertLines(alert).join('\n')])),
    },
  };
}
