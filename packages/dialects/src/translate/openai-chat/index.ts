import type { Speech } from '../conversation.ts';
import { createOpenaiReader, createOpenaiWriter, readOpenaiAnswer, writeOpenaiAnswer } from './answer.ts';
import { readOpenaiRequest, writeOpenaiRequest } from './request.ts';

/** Chat Completions. */
export const openaiSpeech: Speech = {
  readRequest: readOpenaiRequest,
  writeRequest: writeOpenaiRequest,
  readAnswer: readOpenaiAnswer,
  writeAnswer: writeOpenaiAnswer,
  createReader: createOpenaiReader,
  createWriter: createOpenaiWriter,
};
