import { asBuffer } from '../json/outline.ts';
import { createCollector } from './collector.ts';
import type { CreateFraming } from './stream-reader.ts';

const lineFeed = 0x0a;

/** Reads a stream of one JSON value a line. Its bytes are always passed on as they came. */
export const jsonLines: CreateFraming = ({ onEvent }) => {
  const line = createCollector();

  return {
    push(chunk) {
      const bytes = asBuffer(chunk);
      let start = 0;
      for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
        const data = line.take(bytes.subarray(start, end));
        if (data.length > 0) onEvent({ data });
        start = end + 1;
      }
      line.keep(bytes.subarray(start));
      return [chunk];
    },
    flush() {
      const data = line.take(Buffer.alloc(0));
      if (data.length > 0) onEvent({ data });
      return [];
    },
  };
};
