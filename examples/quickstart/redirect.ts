// Loaded before a snippet: what it sends to OpenAI goes to a fake on this machine instead.
const fake = process.env['FAKE_OPENAI_URL'];
const real = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  const redirected = url.replace('https://api.openai.com', fake ?? '');
  return input instanceof Request ? real(new Request(redirected, input), init) : real(redirected, init);
};
