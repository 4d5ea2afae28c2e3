import type { AlertMessage } from '../delivery/message.ts';
import type { Severity } from '../rules/schema.ts';
import type { Channel } from './channel.ts';

export interface CallbackChannelOptions {
  readonly id: string;
  readonly minimumSeverity?: Severity;
  /** Is called again later when it throws or does not end in time. */
  readonly call: (message: AlertMessage, attempt: { readonly signal: AbortSignal }) => void | Promise<void>;
}

/** Calls a function of this process. */
export function createCallbackChannel({ id, minimumSeverity, call }: CallbackChannelOptions): Channel {
  return {
    id,
    ...(minimumSeverity !== undefined && { minimumSeverity }),
    async send(message, { signal }) {
      await call(message, { signal });
    },
  };
}
