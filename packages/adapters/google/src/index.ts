export { google } from './google.ts';
export type { VertexOptions } from './vertex.ts';
export { createVertex, vertex } from './vertex.ts';
