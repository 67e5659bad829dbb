import { describe, expect, it } from 'vitest';
import { DATASETS, readAnnotations, readSplit, requireDisjoint } from '../../../src/datasets/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Reads text as a file of that name. */
async function read(name: string, content: string | Uint8Array, options = {}) {
  await using folder = await temporaryFolder();
  return await readAnnotations(await folder.write(name, content), options);
}

describe('Flickr8k token files', () => {
  it('gather the captions of a picture; bad, empty and repeated lines are named', async () => {
    const { format, pictures, warnings } = await read(
      'Flickr8k.token.txt',
      'a.jpg#0\tA dog .\r\na.jpg#1\tA  brown dog .\r\nb.jpg#0\t \r\nnonsense\r\na.jpg#1\tAgain .\r\n',
    );
    expect(format).toBe('flickr8k');
    expect(pictures).toEqual([
      { picture: 'a.jpg', captions: ['A dog .', 'A brown dog .'], tags: [] },
      { picture: 'b.jpg', captions: [], tags: [] },
    ]);
    expect(warnings).toHaveLength(3);
    expect(warnings.join()).toMatch(/line 3: b\.jpg has an empty caption/);
    expect(warnings.join()).toMatch(/line 4: not of the form/);
    expect(warnings.join()).toMatch(/line 5: a\.jpg#1 is there already/);
  });

  it('counts the bad lines after the first ten', async () => {
    const { warnings } = await read('t.txt', `a.jpg#0\tA dog\n${'bad\n'.repeat(25)}`);
    expect(warnings).toHaveLength(11);
    expect(warnings.at(-1)).toBe('... and 15 more bad lines.');
  });
});

describe('tables', () => {
  it('read captions and tags of several rows a picture', async () => {
    const { format, pictures } = await read(
      'list.csv',
      'Image,Caption,Tags\nx/a.jpg,"Two dogs, running",dog; wet sand\nx/a.jpg,A beach,dog;sea\n.\\b.png,,"cat, sofa"\n',
    );
    expect(format).toBe('csv');
    expect(pictures).toEqual([
      { picture: 'x/a.jpg', captions: ['Two dogs, running', 'A beach'], tags: ['dog', 'wet sand', 'sea'] },
      { picture: 'b.png', captions: [], tags: ['cat', 'sofa'] },
    ]);
  });

  it('read tabs, quotes over lines, lists in a cell, and numbered captions', async () => {
    expect(
      (await read('l.tsv', 'file_name\tcaption_1\tcaption_2\na.jpg\tOne.\tTwo, three.\n')).pictures,
    ).toEqual([{ picture: 'a.jpg', captions: ['One.', 'Two, three.'], tags: [] }]);
    const { pictures } = await read(
      'flickr_annotations_30k.csv',
      'raw,sentids,split,filename,img_id\n"[""A man."", ""A\nhat.""]","[0, 1]",train,1000092795.jpg,0\n',
    );
    expect(pictures).toEqual([{ picture: '1000092795.jpg', captions: ['A man.', 'A hat.'], tags: [] }]);
    expect((await read('l.csv', "path,labels\na.jpg,\"['dog', 'it''s']\"\n")).pictures[0]!.tags).toEqual([
      'dog',
      'it',
      's',
    ]);
  });

  it("read Flickr30k's results.csv", async () => {
    const { pictures } = await read(
      'results.csv',
      'image_name| comment_number| comment\n1.jpg| 0| Two young guys , outside .\n1.jpg| 1| Two men .\n',
    );
    expect(pictures).toEqual([
      { picture: '1.jpg', captions: ['Two young guys , outside .', 'Two men .'], tags: [] },
    ]);
  });

  it('take the columns that the options name', async () => {
    const text = 'id,nom,mots\n1,a.jpg,chat|chien\n';
    const { pictures } = await read('l.csv', text, { pictureColumn: 'nom', tagsColumn: 'mots' });
    expect(pictures).toEqual([{ picture: 'a.jpg', captions: [], tags: ['chat', 'chien'] }]);
    await expect(read('l.csv', text)).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('"id", "nom", "mots"'),
    });
    await expect(
      read('l.csv', 'image,caption\na.jpg,x\n', { captionColumn: 'none', format: 'csv' }),
    ).rejects.toMatchObject({
      code: 'bad-format',
    });
  });

  it('name rows that have too many columns, no picture or a repeated caption', async () => {
    const { pictures, warnings } = await read(
      'captions.txt',
      'image,caption\na.jpg,One, two\n,lost\nb.jpg,A cat\nb.jpg,A cat\n',
    );
    expect(pictures).toEqual([{ picture: 'b.jpg', captions: ['A cat'], tags: [] }]);
    expect(warnings.join()).toMatch(/line 2: 3 columns instead of 2/);
    expect(warnings.join()).toMatch(/line 3: "image" is empty/);
    expect(warnings.join()).toMatch(/line 5: b\.jpg has this caption already/);
  });

  it('take all columns of one name, and those that the options name, for captions', async () => {
    const twice = await read('l.csv', 'image,caption,Caption\na.jpg,A dog,Ein Hund\nb.jpg,,Eine Katze\n');
    expect(twice.pictures.map(({ captions }) => captions)).toEqual([['A dog', 'Ein Hund'], ['Eine Katze']]);
    const named = await read('l.csv', 'image,title,text,tags,tags\na.jpg,Sea,A dog,x,y;z\n', {
      captionColumn: ['title', 'text'],
    });
    expect(named.pictures).toEqual([{ picture: 'a.jpg', captions: ['Sea', 'A dog'], tags: ['x', 'y', 'z'] }]);
  });

  it('without a line of names say that it is missing', async () => {
    for (const [name, mark] of [
      ['l.csv', ','],
      ['l.tsv', '\t'],
    ] as const)
      await expect(read(name, `a.jpg${mark}a dog\nb.jpg${mark}a cat\n`)).rejects.toMatchObject({
        code: 'bad-format',
        hint: expect.stringContaining('names of the columns above it'),
      });
  });

  it('say which column is not there, and how to name one', async () => {
    await expect(read('l.csv', 'image,caption\na.jpg,x\n', { captionColumn: 'text' })).rejects.toMatchObject({
      message: expect.stringContaining('"image", "caption", but none called "text"'),
      hint: expect.stringContaining('--caption-column'),
    });
  });

  it('are separated by what the options, a spreadsheet or the header say', async () => {
    const expected = [{ picture: 'a.jpg', captions: ['one; two, three'], tags: [] }];
    for (const [text, options] of [
      ['image~caption\na.jpg~one; two, three\n', { separator: '~' }],
      ['sep=~\nimage~caption\na.jpg~one; two, three\n', {}],
      ['sep=;\r\nimage;caption\r\na.jpg;"one; two, three"\r\n', {}],
      ['image;caption, in English\na.jpg;"one; two, three"\n', { captionColumn: 'caption, in English' }],
    ] as const)
      expect((await read('l.csv', text, options)).pictures).toEqual(expected);
  });
});

describe('JSON lines', () => {
  it('take captions and tags as text or lists', async () => {
    const { format, pictures, warnings } = await read(
      'm.jsonl',
      '{"file_name": "a.jpg", "text": "A dog", "tags": ["dog", "sea"]}\n{"file_name": "b.jpg", "captions": ["x y", "z"]}\nnot json\n{"other": 1}\n[1]\n',
    );
    expect(format).toBe('jsonl');
    expect(pictures).toEqual([
      { picture: 'a.jpg', captions: ['A dog'], tags: ['dog', 'sea'] },
      { picture: 'b.jpg', captions: ['x y', 'z'], tags: [] },
    ]);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/line 3: not valid JSON/);
  });

  it('lose only a bad line, be it the first or the last', async () => {
    for (const at of [0, 1, 2]) {
      const lines = ['{"image": "a.jpg", "text": "A dog"}', '{"image": "b.jpg", "text": "A cat"}'];
      for (const bad of ['{"image": "c.jpg", ', '{"version": 1}', '7']) {
        const { pictures, rows } = await read('m.jsonl', lines.toSpliced(at, 0, bad).join('\n'));
        expect(pictures.map(({ picture }) => picture)).toEqual(['a.jpg', 'b.jpg']);
        expect(rows).toEqual({ read: 2, lost: 1 });
      }
    }
  });

  it('lose only what a line holds too deep within lists', async () => {
    const deep = `${'['.repeat(200_000)}"x"${']'.repeat(200_000)}`;
    const { pictures } = await read(
      'm.jsonl',
      `{"image": "a.jpg", "text": "A dog"}\n{"image": "b.jpg", "text": ${deep}}\n{"image": "c.jpg", "text": "A cat"}\n`,
    );
    expect(pictures.map(({ captions }) => captions)).toEqual([['A dog'], [], ['A cat']]);
  });

  it('read a JSON list of the same objects', async () => {
    const { pictures } = await read(
      'm.json',
      '[\n {"image": "a.jpg", "caption": "A dog"},\n {"image": "b.jpg", "caption": "A cat"}]',
    );
    expect(pictures.map(({ picture }) => picture)).toEqual(['a.jpg', 'b.jpg']);
  });
});

describe('MS COCO', () => {
  it('takes an id for the same as a number and as a string', async () => {
    const { pictures, rows } = await read(
      'captions.json',
      JSON.stringify({
        images: [
          { id: '1', file_name: 'a.jpg' },
          { id: 2, file_name: 'b.jpg' },
          { id: '000000000003', file_name: 'c.jpg' },
          { id: 'x-1', file_name: 'd.jpg' },
          { id: '01', file_name: 'e.jpg' },
        ],
        annotations: [
          { id: 1, image_id: 1, caption: 'a' },
          { id: 2, image_id: '2', caption: 'b' },
          { id: 3, image_id: 3, category_id: '7' },
          { id: 4, image_id: 'x-1', caption: 'd' },
          { id: 5, image_id: '01', caption: 'e' },
          { id: 6, image_id: '1.0', caption: 'either' },
          { id: 7, image_id: null, caption: 'none' },
        ],
        categories: [{ id: 7, name: 'cat' }],
      }),
    );
    expect(pictures.map(({ captions, tags }) => [...captions, ...tags])).toEqual([
      ['a'],
      ['b'],
      ['cat'],
      ['d'],
      ['e'],
    ]);
    expect(rows).toEqual({ read: 5, lost: 2 });
  });

  const images = [
    { id: 139, file_name: '000000000139.jpg' },
    { id: 285, file_name: '000000000285.jpg' },
  ];

  it('captions: unknown images, double ids and empty captions are named', async () => {
    const { format, pictures, warnings } = await read(
      'captions_val2017.json',
      JSON.stringify({
        info: {},
        images,
        annotations: [
          { image_id: 285, id: 1, caption: 'A bear. ' },
          { image_id: 139, id: 2, caption: 'A room.\n' },
          { image_id: 139, id: 2, caption: 'A room again.' },
          { image_id: 7, id: 3, caption: 'Nothing.' },
          { image_id: 139, id: 4, caption: '' },
        ],
      }),
    );
    expect(format).toBe('coco');
    expect(pictures).toEqual([
      { picture: '000000000139.jpg', captions: ['A room.'], tags: [] },
      { picture: '000000000285.jpg', captions: ['A bear.'], tags: [] },
    ]);
    expect(warnings).toHaveLength(3);
  });

  it('instances: categories become tags, each once', async () => {
    const { pictures } = await read(
      'instances_val2017.json',
      JSON.stringify({
        images,
        annotations: [
          { image_id: 139, id: 1, category_id: 62, bbox: [0, 0, 1, 1], segmentation: [[1, 2, 3]] },
          { image_id: 139, id: 2, category_id: 62, bbox: [0, 0, 1, 1] },
          { image_id: 139, id: 3, category_id: 64, bbox: [0, 0, 1, 1] },
        ],
        categories: [
          { id: 62, name: 'chair', supercategory: 'furniture' },
          { id: 64, name: 'potted plant', supercategory: 'furniture' },
        ],
      }),
    );
    expect(pictures[0]).toEqual({
      picture: '000000000139.jpg',
      captions: [],
      tags: ['chair', 'potted plant'],
    });
  });

  it('a truncated file is refused by name', async () => {
    await expect(read('captions.json', '{"images": [{"id": 1, "file_na')).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('captions.json is not valid JSON'),
    });
  });
});

describe('encodings', () => {
  const text = 'image,caption\nmüll.jpg,Ein Käfer\n';
  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16BE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16LE without a mark', Buffer.from(text, 'utf16le')],
    ['UTF-16BE without a mark', Buffer.from(text, 'utf16le').swap16()],
    ['CRLF', Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['CR CR LF', Buffer.from(text.replaceAll('\n', '\r\r\n'))],
    ['CR', Buffer.from(text.replaceAll('\n', '\r'))],
    ['old Macintosh lines within quotes', Buffer.from('image,caption\nmüll.jpg,"Ein\rKäfer"\n')],
  ])('%s', async (_, bytes) => {
    const { pictures, warnings } = await read('l.csv', bytes);
    expect(pictures).toEqual([{ picture: 'müll.jpg', captions: ['Ein Käfer'], tags: [] }]);
    expect(warnings).toEqual([]);
  });

  it.each(['utf16le', 'utf16be'] as const)('JSON of every layout in %s', async (encoding) => {
    const one = { image: 'müll.jpg', caption: 'Ein Käfer' };
    for (const mark of ['\ufeff', ''])
      for (const [name, text] of [
        ['list.json', JSON.stringify([one])],
        ['spread.json', JSON.stringify([one], null, 2).replaceAll('\n', '\r\n')],
        ['lines.jsonl', JSON.stringify(one)],
        [
          'coco.json',
          JSON.stringify({
            images: [{ id: 1, file_name: one.image }],
            annotations: [{ image_id: 1, caption: one.caption }],
          }),
        ],
      ] as const) {
        const bytes = Buffer.from(mark + text, 'utf16le');
        const { pictures } = await read(name, encoding === 'utf16le' ? bytes : bytes.swap16());
        expect(pictures, name).toEqual([{ picture: one.image, captions: [one.caption], tags: [] }]);
      }
  });

  it('CR alone, in every format of lines, also where a program of today added some', async () => {
    const lines = (separator: string) =>
      ['a', 'b', 'c', 'd'].map((one) => `${one}.jpg${separator}caption ${one}`);
    const table = ['image,caption', ...lines(',')].join('\r');
    for (const [name, text] of [
      ['a.csv', `${table}\n`],
      ['b.csv', `${table}\re.jpg,caption e\nf.jpg,caption f\r\n`],
      [
        'c.jsonl',
        lines('=')
          .map((line) => JSON.stringify({ image: line.split('=')[0], text: line.split('=')[1] }))
          .join('\r'),
      ],
      ['d.token.txt', lines('#0\t').join('\r')],
    ] as const) {
      const { pictures, warnings } = await read(name, text);
      for (const [i, one] of ['a', 'b', 'c', 'd'].entries())
        expect(pictures[i], name).toMatchObject({ picture: `${one}.jpg`, captions: [`caption ${one}`] });
      expect(warnings).toEqual([]);
    }
  });

  it('names of columns, however their letters are composed', async () => {
    for (const form of ['NFC', 'NFD'])
      for (const asked of ['NFC', 'NFD']) {
        const { pictures } = await read('l.csv', 'Bild,Überschrift\na.jpg,Ein Hund\n'.normalize(form), {
          pictureColumn: 'Bild',
          captionColumn: 'Überschrift'.normalize(asked),
        });
        expect(pictures).toEqual([{ picture: 'a.jpg', captions: ['Ein Hund'], tags: [] }]);
      }
  });

  it('Latin-1 is read with a warning that names the line; other lines stay UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('image,caption\na.jpg,Käfer\n'),
      Buffer.from('b.jpg,Bär\n', 'latin1'),
    ]);
    const { pictures, warnings } = await read('l.csv', bytes);
    expect(pictures.map(({ captions }) => captions[0])).toEqual(['Käfer', 'Bär']);
    expect(warnings).toEqual([expect.stringMatching(/line 3: not UTF-8, read as Latin-1/)]);
  });
});

describe('what is nothing known', () => {
  it.each([
    ['prose', 'notes.txt', 'Dear diary\ntoday we went to the sea\n'],
    ['bytes', 'a.bin', new Uint8Array([1, 2, 3, 0, 255])],
  ])('%s is refused with an example of each known format', async (_, name, content) => {
    const error = (await read(name, content).catch((thrown: unknown) => thrown)) as {
      code: string;
      hint: string;
    };
    expect(error.code).toBe('bad-format');
    for (const format of DATASETS) expect(error.hint).toContain(format.example);
  });

  it('an empty file, a missing one, an unknown format name', async () => {
    await expect(read('e.csv', '')).rejects.toMatchObject({ code: 'no-data' });
    await expect(read('e.csv', 'image,caption\n')).rejects.toMatchObject({ code: 'no-data' });
    await expect(readAnnotations('/nowhere.csv')).rejects.toMatchObject({ code: 'not-found' });
    await expect(read('e.csv', 'x', { format: 'y' })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('split files', () => {
  it('list each picture once', async () => {
    await using folder = await temporaryFolder();
    const path = await folder.write('train.txt', 'a.jpg\r\n\r\nb.jpg\r\na.jpg\r\n');
    const { names, warnings } = await readSplit(path);
    expect(names).toEqual(['a.jpg', 'b.jpg']);
    expect(warnings).toEqual([expect.stringContaining('line 4: a.jpg is listed twice')]);
    await expect(readSplit(await folder.write('empty.txt', '\n'))).rejects.toMatchObject({ code: 'no-data' });
  });

  it('must not overlap', () => {
    expect(() => requireDisjoint({ train: ['a', 'b'], test: ['c', 'b'] })).toThrow(
      'b is in both the train and the test split',
    );
    expect(() => requireDisjoint({ train: ['a'], test: ['c'] })).not.toThrow();
  });
});
