#!/usr/bin/env node
// Ends with 0 when the proxy on this machine is alive. Makes no call and spends nothing.
const port = process.env['PORT'] || '8787';

try {
  const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2_000) });
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
