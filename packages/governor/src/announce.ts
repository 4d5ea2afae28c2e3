import type { StageTiming } from '@genops/core';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import type { Recorded } from './settle.ts';
import type { Leg } from './travel.ts';

/** Tells listeners, after the answer has left; where the ledger took the ending later, then. */
export function announceSettled(
  line: Line,
  { call }: IdentifiedCall,
  { settled, timing }: Leg,
  { stages, answered }: { readonly stages: StageTiming; readonly answered: boolean },
): void {
  if (settled.result === 'pending') {
    void settled.later.then((later) => later && tell(later));
    return;
  }
  tell(settled.recorded);

  function tell({ entry, thresholds, states }: Recorded): void {
    line.announce({
      kind: 'settled',
      call,
      entry,
      durationMs: line.now().getTime() - Date.parse(call.at),
      timing: { ...stages, ...timing },
      answered,
      limits: states,
    });
    for (const { state, threshold } of thresholds)
      line.announce({ kind: 'threshold', limit: state, threshold });
  }
}
