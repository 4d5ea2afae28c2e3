import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderChatError, renderChatStreamError } from '../openai-chat/error.ts';
import { openSpeechRequest } from './speech-request.ts';
import { audioStream } from './stream.ts';
import { openTranscriptionRequest } from './transcription-request.ts';
import { speechAnswer, transcriptionAnswer } from './usage.ts';

/** Transcriptions and translations of recordings, as OpenAI defines them. */
export const openaiTranscription: Dialect = createDialect({
  id: 'openai-transcription',
  operation: 'transcription',
  openRequest: openTranscriptionRequest,
  answer: transcriptionAnswer,
  stream: audioStream(transcriptionAnswer),
  renderError: renderChatError,
  renderStreamError: renderChatStreamError,
});

/** Speech from text, as OpenAI defines it. */
export const openaiSpeech: Dialect = createDialect({
  id: 'openai-speech',
  operation: 'speech',
  openRequest: openSpeechRequest,
  answer: speechAnswer,
  stream: audioStream(speechAnswer),
  renderError: renderChatError,
  renderStreamError: renderChatStreamError,
});
