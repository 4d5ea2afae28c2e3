import { describe, expect, it } from 'vitest';
import { openaiResponses } from './index.ts';

const open = (body: object) =>
  openaiResponses.openRequest(Buffer.from(JSON.stringify(body)), '/v1/responses');

describe('openRequest', () => {
  it('takes text or items', () => {
    expect(open({ model: 'm', input: 'Hi' }).facts).toMatchObject({ requestModel: 'm', stream: false });
    expect(open({ model: 'm', input: [{ role: 'user', content: 'Hi' }] }).facts.requestModel).toBe('m');
  });

  it.each([
    { model: 'm' },
    { model: 'm', input: [] },
    { model: 'm', input: 7 },
    { input: 'Hi' },
    { model: 'm', input: null },
  ])('refuses %j', (body) => {
    expect(() => open(body)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it('counts what it only refers to as files, whose size it does not show', () => {
    const { facts } = open({
      model: 'm',
      previous_response_id: 'r',
      conversation: null,
      prompt: { id: 'p' },
    });
    expect(facts.media).toEqual({ file: 2 });
  });

  it('tells media by their items', () => {
    const content = [
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', file_id: null },
      { type: 'input_image', file_id: 'f' },
      { type: 'input_file', file_id: 'f' },
      { type: 'input_file', file_data: 'AAAA', filename: 'a.pdf' },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
    ];
    expect(open({ model: 'm', input: [{ role: 'user', content }] }).facts.media).toEqual({
      image: 2,
      file: 2,
      audio: 1,
    });
  });

  it('says when the answer will come later', () => {
    expect(open({ model: 'm', input: 'Hi', background: true }).facts.options).toEqual({ background: true });
  });
});
