const call = (url, init) =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.OPENAI_API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello?' }],
      max_tokens: 20,
    }),
    ...init,
  });

const answers = [
  await call('https://api.openai.com/v1/chat/completions'),
  await call(new URL('https://api.openai.com/v1/chat/completions')),
  await fetch(new Request('https://example.com/v1/chat/completions', { method: 'GET' })),
];
process.stdout.write(JSON.stringify(answers.map((answer) => answer.status)));
