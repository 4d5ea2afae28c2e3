import type { Speech } from '../conversation.ts';
import {
  createAnthropicReader,
  createAnthropicWriter,
  readAnthropicAnswer,
  writeAnthropicAnswer,
} from './answer.ts';
import { readAnthropicRequest, writeAnthropicRequest } from './request.ts';

/** Messages. */
export const anthropicSpeech: Speech = {
  readRequest: readAnthropicRequest,
  writeRequest: writeAnthropicRequest,
  readAnswer: readAnthropicAnswer,
  writeAnswer: writeAnthropicAnswer,
  createReader: createAnthropicReader,
  createWriter: createAnthropicWriter,
};
