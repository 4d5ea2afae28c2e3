import { parentPort, workerData } from 'node:worker_threads';
import { openForReading } from './sqlite/open-database.ts';
import { readPage, readTallies } from './sqlite/query.ts';
import type { FromReader, Question, ToReader } from './sqlite/reading-thread.ts';
import { verify } from './sqlite/verify.ts';

// The thread that answers questions which can take long.
const { path } = workerData as { path: string };
const database = openForReading(path);

function answer(question: Question): unknown {
  switch (question.ask) {
    case 'page':
      return readPage(database, question.query);
    case 'tallies':
      return readTallies(database, question.query);
    case 'verify':
      return verify(database, question.options);
  }
}

parentPort?.on('message', ({ number, question }: ToReader) => {
  let message: FromReader;
  try {
    message = { number, answer: answer(question) };
  } catch (error) {
    message = { number, failed: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(message);
});
