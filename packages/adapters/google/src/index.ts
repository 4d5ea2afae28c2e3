export { google } from './google.ts';
export { googleOpenAI } from './google-openai.ts';
export type { VertexOptions } from './vertex.ts';
export { createVertex, vertex } from './vertex.ts';
