/** A part of a path between slashes, up to a method: `*`, `*.stability.*`. */
const open = /[^/:]*\*[^/:]*/;

/** Google's paths begin with a version. */
function withVersion(path: string): string {
  return path.replace(/^\/\*\//, '/v1beta/');
}

/** True when the model's name is all that a route's path leaves open, so that any call can be sent there. */
export function isFillable(path: string): boolean {
  return !open.test(withVersion(path).replace(open, ''));
}

/** A route's path for one model. */
export function filledPath(path: string, model: string): string {
  return withVersion(path).replace(open, () => encodeURIComponent(model));
}
