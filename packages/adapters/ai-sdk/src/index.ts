export type { GenOpsMiddlewareOptions } from './middleware.ts';
export { genopsMiddleware } from './middleware.ts';
