// Stands for whatever else may be in a process: a fetch that somebody replaced before GenOps came. It takes
// what goes to real providers to the fake one, so that everything in front of it is as in production.

const original = globalThis.fetch;
const upstream = new URL(process.env.TEST_UPSTREAM);

globalThis.fetch = (input, init) => {
  const url = new URL(typeof input === 'object' && 'url' in input ? input.url : input);
  if (url.protocol === 'https:') {
    url.protocol = upstream.protocol;
    url.host = upstream.host;
    // The fake one has no deployments.
    url.pathname = url.pathname.replace(/^\/openai\/deployments\/[^/]+/, '/v1');
  }
  return typeof input === 'object' && 'url' in input
    ? original(new Request(url, input), init)
    : original(url, init);
};
