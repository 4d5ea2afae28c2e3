import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openaiImages, openaiTranscription } from '../index.ts';
import { fieldOf, outlineForm, textBytesOf } from './multipart.ts';

/** A form as a client of the platform itself sends it. */
async function encode(form: FormData): Promise<{ readonly bytes: Buffer; readonly contentType: string }> {
  const response = new Response(form);
  return {
    bytes: Buffer.from(await response.arrayBuffer()),
    contentType: response.headers.get('content-type') ?? '',
  };
}

function transcription(extra: Readonly<Record<string, string>> = {}): FormData {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(1000).fill(0x0d)]), 'speech.wav');
  for (const [name, value] of Object.entries({ model: 'whisper-1', ...extra })) form.set(name, value);
  return form;
}

describe('outlineForm', () => {
  it('reads the fields and files that the platform writes', async () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !/[\r\n]/.test(value));
    const names = fc.string({ unit: fc.constantFrom('a', 'b', 'model', '_', 'é'), minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(names, text, { noNullPrototype: true }),
        fc.uint8Array(),
        async (values, file) => {
          const form = new FormData();
          form.set('file!', new Blob([new Uint8Array(file)]), 'a"b.wav');
          for (const [name, value] of Object.entries(values)) form.set(name, value);
          const { bytes, contentType } = await encode(form);
          const outlined = outlineForm(bytes, contentType);
          for (const [name, value] of Object.entries(values)) expect(fieldOf(outlined, name)).toBe(value);
          expect(outlined.fields.size).toBe(Object.keys(values).length);
          expect(outlined.files.map(({ start, end }) => bytes.subarray(start, end))).toEqual([
            Buffer.from(file),
          ]);
          expect(textBytesOf(outlined)).toBe(bytes.length - file.length);
        },
      ),
    );
  });

  const part = (name: string, value: string) =>
    `--B\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

  it.each([
    ['no content type', undefined, `${part('a', '1')}--B--`],
    ['no boundary', 'multipart/form-data', `${part('a', '1')}--B--`],
    ['another boundary', 'multipart/form-data; boundary=C', `${part('a', '1')}--B--`],
    ['a preamble', 'multipart/form-data; boundary=B', `x\r\n${part('a', '1')}--B--`],
    ['no end', 'multipart/form-data; boundary=B', part('a', '1')],
    ['a part without a name', 'multipart/form-data; boundary=B', '--B\r\n\r\n\r\n1\r\n--B--'],
    ['a header without an end', 'multipart/form-data; boundary=B', `--B\r\n${'x'.repeat(5000)}`],
    ['a field twice', 'multipart/form-data; boundary=B', `${part('model', '1')}${part('model', '2')}--B--`],
    [
      'too many parts',
      'multipart/form-data; boundary=B',
      `${Array.from({ length: 129 }, (_, index) => part(`a${index}`, '1')).join('')}--B--`,
    ],
    ['bare line feeds', 'multipart/form-data; boundary=B', `${part('a', '1').replaceAll('\r', '')}--B--`],
  ])('refuses %s', (_what, contentType, body) => {
    expect(() => outlineForm(Buffer.from(body), contentType)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});

describe('openaiTranscription', () => {
  it('reads a form, and does not count the recording as text', async () => {
    const { bytes, contentType } = await encode(transcription({ stream: 'true', prompt: 'A café.' }));
    const { facts } = openaiTranscription.openRequest(bytes, '/v1/audio/transcriptions', contentType);
    expect(facts).toMatchObject({ requestModel: 'whisper-1', stream: true, media: { audio: 1 } });
    expect(facts.inputBytes).toBe(bytes.length - 1000);
  });

  it('changes the model and nothing else', async () => {
    const { bytes, contentType } = await encode(transcription());
    const opened = openaiTranscription.openRequest(bytes, '/v1/audio/transcriptions', contentType);
    expect(opened.rewrite({})).toBe(bytes);
    expect(opened.rewrite({ model: 'whisper-1' })).toBe(bytes);
    const expected = Buffer.from(
      bytes.toString('latin1').replace('whisper-1', 'gpt-4o-transcribe'),
      'latin1',
    );
    expect(opened.rewrite({ model: 'gpt-4o-transcribe' })).toEqual(expected);
  });

  it.each(['model', 'file'])('needs the %s', async (name) => {
    const form = transcription();
    form.delete(name);
    const { bytes, contentType } = await encode(form);
    expect(() => openaiTranscription.openRequest(bytes, '/v1/audio/transcriptions', contentType)).toThrow(
      expect.objectContaining({ parameter: name }),
    );
  });
});

describe('openaiImages', () => {
  it('reads an edit that comes as a form', async () => {
    const form = new FormData();
    form.set('model', 'gpt-image-2');
    form.set('n', '3');
    form.set('size', '1024x1536');
    form.append('image[]', new Blob([new Uint8Array(10)]), 'a.png');
    form.append('image[]', new Blob([new Uint8Array(10)]), 'b.png');
    const { bytes, contentType } = await encode(form);
    expect(openaiImages.openRequest(bytes, '/v1/images/edits', contentType).facts).toMatchObject({
      requestModel: 'gpt-image-2',
      choices: 3,
      media: { image: 2 },
      options: { imageSize: '1024x1536' },
    });
  });

  it.each(['0', '-1', '1.5', '1e400', 'many', ''])('refuses to make %j images', async (n) => {
    const form = new FormData();
    form.set('model', 'gpt-image-2');
    form.set('n', n);
    const { bytes, contentType } = await encode(form);
    expect(() => openaiImages.openRequest(bytes, '/v1/images/edits', contentType)).toThrow(
      expect.objectContaining({ parameter: 'n' }),
    );
  });

  it('counts images to work from that come as JSON', () => {
    const body = {
      model: 'gpt-image-2',
      prompt: 'A',
      images: [{ image_url: 'data:AAAA' }, { file_id: 'f' }],
    };
    const { facts } = openaiImages.openRequest(Buffer.from(JSON.stringify(body)), '/v1/images/edits');
    expect(facts.media).toEqual({ image: 2 });
  });
});
