import type { AnswerFacts, Usage } from '@genops/core';

/**
 * What the head of an answer tells: its id, and with InvokeModel the tokens that the service counted, which
 * count where the body has no counters of its own.
 */
export function readBedrockHead(headers: Readonly<Record<string, string>>): AnswerFacts {
  const responseId = headers['x-amzn-requestid'];
  const input = countOf(headers['x-amzn-bedrock-input-token-count']);
  const output = countOf(headers['x-amzn-bedrock-output-token-count']);
  const usage: Usage = {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
  };
  return {
    ...(responseId !== undefined && { responseId }),
    ...(Object.keys(usage).length > 0 && { usage }),
  };
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
