import {
  type AskedChat,
  anotherModelMayHelp,
  askChat,
  type ChatClient,
  type ChatQuestion,
} from '@genops/core';

/** An answer, and the model that gave it. */
export type ModelAnswer = Omit<AskedChat, 'headers'> & { readonly model: string };

/**
 * Asks one model after the other until one answers.
 *
 * @throws what the last one threw, or the first error that no other model could help with
 */
export async function callFirst(
  client: ChatClient,
  models: readonly string[],
  question: Omit<ChatQuestion, 'model'>,
): Promise<ModelAnswer> {
  const [model, ...others] = models;
  if (model === undefined) throw new RangeError('models: expected at least one');
  try {
    const { headers: _, ...answer } = await askChat(client, { ...question, model });
    return { ...answer, model };
  } catch (error) {
    if (others.length === 0 || !anotherModelMayHelp(error)) throw error;
    return callFirst(client, others, question);
  }
}
