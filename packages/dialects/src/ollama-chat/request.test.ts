import { describe, expect, it } from 'vitest';
import { ollamaChat } from './index.ts';

const messages = [{ role: 'user', content: 'Hi' }];
const open = (body: object) =>
  ollamaChat.openRequest(Buffer.from(JSON.stringify({ model: 'm', messages, ...body })), '/api/chat');

describe('openRequest', () => {
  it('streams unless told not to', () => {
    expect(open({}).facts.stream).toBe(true);
    expect(open({ stream: false }).facts.stream).toBe(false);
  });

  it.each([-1, -2, null])('has no cap when it says so: %s', (num_predict) => {
    expect(open({ options: { num_predict } }).facts.maxOutputTokens).toBeUndefined();
  });

  it.each([-3, 0, 1.5, '9'])('refuses the cap %j', (num_predict) => {
    expect(() => open({ options: { num_predict } })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });

  it('caps a request that has no options', () => {
    expect(JSON.parse(Buffer.from(open({}).rewrite({ maxOutputTokens: 7 })).toString())).toEqual({
      model: 'm',
      messages,
      options: { num_predict: 7 },
    });
  });
});
