import { BadRequest, type Endpoint, jsonAnswer, optionalCount, requireText } from './format.ts';

/** POST /v1/embeddings: as numbers or, as the official SDK asks for it, as base64 of 32-bit floats. */
export const embeddings: Endpoint = {
  method: 'POST',
  path: '/v1/embeddings',
  answer({ body, bodyBytes }, reply) {
    const model = requireText(body, 'model');
    const { input } = body;
    const inputs = typeof input === 'string' ? [input] : input;
    if (!Array.isArray(inputs) || inputs.length === 0) {
      throw new BadRequest("Invalid 'input': expected text or a list.", 'input');
    }
    const rows = inputs.every((item) => typeof item === 'number') ? [inputs] : inputs;
    const dimensions = optionalCount(body, 'dimensions') ?? 8;
    const promptTokens = Math.ceil(bodyBytes / 4);
    const usage = reply.usage ?? { prompt_tokens: promptTokens, total_tokens: promptTokens };
    return jsonAnswer({
      object: 'list',
      data: rows.map((_, index) => ({
        object: 'embedding',
        index,
        embedding: encoded(vector(index, dimensions), body['encoding_format']),
      })),
      model: reply.model ?? model,
      ...(reply.fault?.kind === 'no_usage' ? {} : { usage }),
      ...reply.fields,
    });
  },
};

/** A unit vector that depends on the row alone. */
function vector(row: number, dimensions: number): Float32Array {
  const values = new Float32Array(dimensions);
  values[row % dimensions] = 1;
  return values;
}

function encoded(values: Float32Array, format: unknown): string | number[] {
  return format === 'base64' ? Buffer.from(values.buffer).toString('base64') : Array.from(values);
}
