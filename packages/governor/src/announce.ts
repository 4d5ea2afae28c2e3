import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import type { Settlement } from './settle.ts';

/** Tells listeners, after the answer has left. */
export function announceSettled(line: Line, { call }: IdentifiedCall, settled: Settlement): void {
  if (settled.result === 'pending') return;
  const { entry, thresholds } = settled.recorded;
  const durationMs = line.now().getTime() - Date.parse(call.at);
  line.announce({ kind: 'settled', call, entry, durationMs });
  for (const { state, threshold } of thresholds)
    line.announce({ kind: 'threshold', limit: state, threshold });
}
