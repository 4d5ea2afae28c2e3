/** What became of exports. */
export interface ExportStats {
  /** Spans that wait. */
  readonly buffered: number;
  readonly exported: number;
  /** Spans that were lost: the buffer was full, or their export failed. */
  readonly dropped: number;
  /** Exports that failed, of spans and of metrics. */
  readonly errors: number;
  /** Of exports that came to an end, good or bad; `undefined` before the first. */
  readonly averageLatencyMs: number | undefined;
}

/** What telemetry has done so far. */
export interface TelemetryStats {
  /** Events of the governor that were taken. */
  readonly events: number;
  readonly spans: number;
  /** Attempts without a span, because of `spanSampleRatio`. They are counted in the metrics all the same. */
  readonly sampledOut: number;
  /** Measurements whose labels became `other`. */
  readonly overflowed: number;
  /** Absent where exporting is somebody else's. */
  readonly exports?: ExportStats;
}

interface ExportResult {
  readonly code: number;
}

/** Counts what passes through an exporter. */
export interface ExportMeter {
  /** The same exporter, counted. `items` says how many spans are in what it is given. */
  meter<Items, Exporter extends { export(items: Items, done: (result: ExportResult) => void): void }>(
    exporter: Exporter,
    items: (items: Items) => number,
  ): Exporter;
  /** A span went to the processor that feeds the exporter. */
  readonly taken: () => void;
  readonly stats: () => ExportStats;
}

/** @param mostBuffered - what the processor keeps at most */
export function createExportMeter(mostBuffered: number): ExportMeter {
  let taken = 0;
  let exported = 0;
  let failed = 0;
  let errors = 0;
  let finished = 0;
  let spentMs = 0;
  let underWay = 0;
  let full = 0;
  return {
    meter: (exporter, items) => {
      const send = exporter.export.bind(exporter);
      exporter.export = (given, done) => {
        const count = items(given);
        const begin = performance.now();
        underWay += count;
        send(given, (result) => {
          underWay -= count;
          finished += 1;
          spentMs += performance.now() - begin;
          if (result.code === 0) exported += count;
          else {
            failed += count;
            errors += 1;
          }
          done(result);
        });
      };
      return exporter;
    },
    taken: () => {
      if (taken - exported - failed - full - underWay >= mostBuffered) full += 1;
      taken += 1;
    },
    stats: () => ({
      buffered: taken - exported - failed - full - underWay,
      exported,
      dropped: failed + full,
      errors,
      averageLatencyMs: finished === 0 ? undefined : spentMs / finished,
    }),
  };
}
