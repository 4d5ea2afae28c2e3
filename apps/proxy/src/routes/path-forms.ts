/**
 * What a path of the proxy can be to a provider, the likeliest first: some have the version of their API in
 * their base URL, others in their paths; Azure's clients put more before both, and callers may leave it out.
 */
export function pathForms(url: string): readonly string[] {
  for (const prefix of ['/v1', '/openai']) {
    if (url.startsWith(`${prefix}/`)) return [url.slice(prefix.length), url];
  }
  return [url, `/v1${url}`];
}
