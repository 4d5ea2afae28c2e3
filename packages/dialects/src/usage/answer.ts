/**
 * An answer's body as parsed; `undefined` when it is not JSON (a page of HTML, a cut-off body), which says
 * nothing about usage.
 */
export function parseAnswer(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
