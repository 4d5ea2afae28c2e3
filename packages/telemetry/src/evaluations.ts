import { type Attribution, attributeOf, currentAttribution, mergeAttribution } from '@genops/core';
import { trace } from '@opentelemetry/api';
import type { Recorder } from './metrics/measure.ts';
import { present } from './spans/span-attributes.ts';

/** A score that an answer was given: by a person, a test, another model. */
export interface Evaluation {
  /** What was looked at: `faithfulness`, `toxicity`. */
  readonly name: string;
  /** Absent when the evaluation itself failed. */
  readonly score?: number;
  /** Below it, the answer failed. */
  readonly threshold?: number;
  readonly evaluator?: string;
  readonly durationMs?: number;
  /** @default that of the context */
  readonly attribution?: Attribution;
}

/** Counts evaluations, and puts each on the span that is active where it is handed in. */
export function createEvaluations(
  take: Recorder,
  dimensions: readonly string[],
): (evaluation: Evaluation) => void {
  return ({ name, score, threshold, evaluator, durationMs, attribution = {} }) => {
    const who = mergeAttribution(currentAttribution(), attribution);
    const facts = {
      evaluation: name,
      evaluator,
      ...Object.fromEntries(dimensions.map((dimension) => [dimension, attributeOf(who, dimension)])),
    };
    const passed = score === undefined ? false : threshold === undefined || score >= threshold;
    if (score !== undefined) take('genops.evaluation.score', score, facts);
    if (durationMs !== undefined) take('genops.evaluation.duration', durationMs / 1000, facts);
    if (!passed) take('genops.evaluation.failures', 1, facts);
    trace.getActiveSpan()?.addEvent(
      'genops.evaluation.complete',
      present({
        'genops.eval.metric': name,
        'genops.eval.score': score,
        'genops.eval.threshold': threshold,
        'genops.eval.passed': score === undefined ? undefined : passed,
        'genops.eval.evaluator': evaluator,
      }),
    );
  };
}
