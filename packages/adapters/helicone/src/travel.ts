import {
  type Attribution,
  anotherModelMayHelp,
  type ChatMessage,
  type ChatQuestion,
  hasErrorCode,
} from '@genops/core';
import { HeliconeError, heliconeError, isOutOfCredits } from './errors.ts';
import type { HeliconeChatOptions, HeliconeChatResult } from './helicone-adapter.ts';

/** One call on its way through the providers. */
export interface Travel {
  readonly chat: HeliconeChatOptions;
  readonly order: readonly string[];
  readonly modelOf: (provider: string) => string;
  readonly attribution: Attribution;
}

/** Where an answer came from. */
export type Placed = Pick<HeliconeChatResult, 'provider' | 'model' | 'order'>;

/** Asks one provider. */
export type Ask<Answer> = (travel: Travel, question: ChatQuestion, provider: string) => Promise<Answer>;

/**
 * Asks one provider after the other until one answers.
 *
 * @throws {HeliconeError} what the last one said, or one after which no other can help
 */
export async function fromProviders<Answer>(travel: Travel, ask: Ask<Answer>): Promise<Answer & Placed> {
  const { order, modelOf } = travel;
  for (const [place, provider] of order.entries()) {
    const model = modelOf(provider);
    try {
      return { ...(await ask(travel, questionOf(travel.chat, model), provider)), provider, model, order };
    } catch (error) {
      if (hasErrorCode(error, 'invalid_configuration')) throw error;
      const isLast = place === order.length - 1;
      if (isLast || isOutOfCredits(error) || !anotherModelMayHelp(error))
        throw heliconeError(provider, error);
    }
  }
  throw new HeliconeError('No provider was asked');
}

/** A call as it is put to a model. */
export function questionOf(
  { message, system, maxTokens, parameters }: HeliconeChatOptions,
  model: string,
): ChatQuestion {
  const messages: ChatMessage[] = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: message },
  ];
  return {
    model,
    messages,
    ...(maxTokens !== undefined && { maxTokens }),
    ...(parameters !== undefined && { parameters }),
  };
}
