// A load generator in a process of its own: takes a job over IPC, and answers with what it measured.

import autocannon from 'autocannon';

/** Calls to be made over and over, on connections that stay open. */
export interface LoadJob {
  readonly url: string;
  readonly apiKey: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Answered with 200 and complete. */
  readonly requests: number;
  /** Everything else: other statuses, broken connections, timeouts. */
  readonly failures: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

process.on('message', (job: LoadJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function run({ url, apiKey, body, connections, seconds }: LoadJob): Promise<LoadResult> {
  const durationsMs: number[] = [];
  const options: autocannon.Options = {
    url: `${url}/v1/chat/completions`,
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body,
    connections,
    duration: seconds,
  };
  const {
    errors,
    non2xx,
    '2xx': requests,
    duration,
  } = await new Promise<autocannon.Result>((resolve, reject) => {
    const load = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
    // Its own histogram counts whole milliseconds.
    load.on('response', (_client, _status, _bytes, ms) => durationsMs.push(ms));
  });
  durationsMs.sort((left, right) => left - right);
  const percentile = (share: number): number =>
    durationsMs[Math.floor(durationsMs.length * share)] ?? Number.NaN;
  return {
    requests,
    failures: errors + non2xx,
    seconds: duration,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
  };
}
