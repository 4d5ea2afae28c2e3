import type { Speech } from '../conversation.ts';
import { createGeminiReader, createGeminiWriter, readGeminiAnswer, writeGeminiAnswer } from './answer.ts';
import { readGeminiRequest, writeGeminiRequest } from './request.ts';

/** `generateContent`. */
export const geminiSpeech: Speech = {
  readRequest: readGeminiRequest,
  writeRequest: writeGeminiRequest,
  readAnswer: readGeminiAnswer,
  writeAnswer: writeGeminiAnswer,
  createReader: createGeminiReader,
  createWriter: createGeminiWriter,
};
