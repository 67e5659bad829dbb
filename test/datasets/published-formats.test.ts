import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import { readAnnotations } from '../../src/datasets/index.ts';
import { hasShared, SHARED } from '../shared.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Reads a folder of the given files; a name instead of `.` reads that file of it. */
async function read(files: Record<string, string | Uint8Array>, name = '.', options = {}) {
  await using folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) await folder.write(path, content);
  return await readAnnotations(join(folder.path, name), options);
}

describe("Karpathy's splits", () => {
  it('of MS COCO: folder and name, restval kept apart', async () => {
    const file = {
      images: [
        {
          filepath: 'val2014',
          sentids: [770337],
          filename: 'COCO_val2014_000000391895.jpg',
          imgid: 0,
          split: 'test',
          sentences: [{ tokens: ['a', 'man'], raw: 'A man with a red helmet.', imgid: 0, sentid: 770337 }],
          cocoid: 391895,
        },
        {
          filepath: 'train2014',
          filename: 'b.jpg',
          split: 'restval',
          sentences: [{ raw: 'A cat.' }, { raw: '' }],
        },
      ],
      dataset: 'coco',
    };
    const { format, pictures, splits, warnings } = await read(
      { 'dataset_coco.json': JSON.stringify(file) },
      'dataset_coco.json',
    );
    expect(format).toBe('karpathy');
    expect(pictures).toEqual([
      { picture: 'val2014/COCO_val2014_000000391895.jpg', captions: ['A man with a red helmet.'], tags: [] },
      { picture: 'train2014/b.jpg', captions: ['A cat.'], tags: [] },
    ]);
    expect(splits).toEqual({ test: ['val2014/COCO_val2014_000000391895.jpg'], restval: ['train2014/b.jpg'] });
    expect(warnings).toHaveLength(1);
  });

  it('of Flickr8k, which has no folders', async () => {
    const file =
      '{"images": [{"sentids": [0], "imgid": 0, "sentences": [{"tokens": ["a"], "raw": "A dog .", "imgid": 0, "sentid": 0}], "split": "train", "filename": "2513260012_03d33305cf.jpg"}], "dataset": "flickr8k"}';
    const { pictures, splits } = await read({ 'dataset.json': file }, 'dataset.json');
    expect(pictures).toEqual([{ picture: '2513260012_03d33305cf.jpg', captions: ['A dog .'], tags: [] }]);
    expect(splits).toEqual({ train: ['2513260012_03d33305cf.jpg'] });
  });
});

describe('MS COCO as unpacked', () => {
  const part = (name: string, entry: object) =>
    JSON.stringify({
      images: [{ id: 9, file_name: name }],
      annotations: [{ id: 1, image_id: 9, ...entry }],
      categories: [{ id: 1, name: 'dog' }],
    });
  it('takes the captions of all splits', async () => {
    const { format, pictures, splits } = await read({
      'annotations/captions_train2017.json': part('000000000009.jpg', { caption: 'A dog.' }),
      'annotations/captions_val2017.json': part('000000000139.jpg', { caption: 'A room.' }),
      'annotations/instances_val2017.json': part('000000000139.jpg', { category_id: 1 }),
      'train2017/000000000009.jpg': 'x',
    });
    expect(format).toBe('coco-folder');
    expect(pictures).toEqual([
      { picture: 'train2017/000000000009.jpg', captions: ['A dog.'], tags: [] },
      { picture: 'val2017/000000000139.jpg', captions: ['A room.'], tags: [] },
    ]);
    expect(splits).toEqual({ train: ['train2017/000000000009.jpg'], val: ['val2017/000000000139.jpg'] });
  });

  it('or else the categories of the instances', async () => {
    const { pictures } = await read({
      'annotations/instances_val2014.json': part('a.jpg', { category_id: 1 }),
    });
    expect(pictures).toEqual([{ picture: 'val2014/a.jpg', captions: [], tags: ['dog'] }]);
  });
});

it('NUS-WIDE: tags by photo id, concepts by line, official split', async () => {
  const { format, pictures, splits, warnings } = await read({
    'ImageList/Imagelist.txt': 'actor\\0001_2124494179.jpg\r\nactor\\0002_174174086.jpg\r\n',
    'ImageList/TrainImagelist.txt': 'actor\\0001_2124494179.jpg\r\n',
    'ImageList/TestImagelist.txt': 'actor\\0002_174174086.jpg\r\n',
    'NUS_WID_Tags/All_Tags.txt': '2124494179      portrait man \r\n174174086      sea  sky \r\n99 lost\r\n',
    'Groundtruth/AllLabels/Labels_ocean.txt': '0\n1\n',
    'Groundtruth/AllLabels/Labels_person.txt': '1\n0\n',
  });
  expect(format).toBe('nus-wide');
  expect(pictures).toEqual([
    { picture: 'actor/0001_2124494179.jpg', captions: [], tags: ['portrait', 'man', 'person'] },
    { picture: 'actor/0002_174174086.jpg', captions: [], tags: ['sea', 'sky', 'ocean'] },
  ]);
  expect(splits).toEqual({ train: ['actor/0001_2124494179.jpg'], test: ['actor/0002_174174086.jpg'] });
  expect(warnings).toHaveLength(1);
});

it('MIRFlickr: a file of tags for each picture, in the order of numbers', async () => {
  const { format, pictures } = await read({
    'im10.jpg': 'x',
    'im2.jpg': 'x',
    'meta/tags/tags2.txt': 'canon\r\nnight sky\r\n',
    'meta/tags/tags10.txt': '',
  });
  expect(format).toBe('mirflickr');
  expect(pictures).toEqual([
    { picture: 'im2.jpg', captions: [], tags: ['canon', 'night sky'] },
    { picture: 'im10.jpg', captions: [], tags: [] },
  ]);
});

it('Pascal Sentences: the web page', async () => {
  const page = `<html><body><table border="2"><tr>
<td><img src="aeroplane/2008_000716.jpg"></td>
<td><table><tr><td> A blue &amp; yellow plane. </td></tr><tr><td> A plane&#39;s wing. </td></tr></table></td>
</tr></table></body></html>`;
  const { format, pictures } = await read({ 'index.html': page }, 'index.html');
  expect(format).toBe('pascal-sentences');
  expect(pictures).toEqual([
    {
      picture: 'aeroplane/2008_000716.jpg',
      captions: ['A blue & yellow plane.', "A plane's wing."],
      tags: ['aeroplane'],
    },
  ]);
});

it('IAPR TC-12: Latin-1 files, a caption for each phrase', async () => {
  const document = `<DOC>
<DOCNO>annotations/00/25.eng</DOCNO>
<TITLE>Plaza de Armas</TITLE>
<DESCRIPTION>a yellow building with white columns; two palm trees in Perú; </DESCRIPTION>
<NOTES></NOTES>
<IMAGE>images/00/25.jpg</IMAGE>
</DOC>`;
  const { format, pictures, warnings } = await read({
    'annotations_complete_eng/00/25.eng': Buffer.from(document, 'latin1'),
  });
  expect(format).toBe('iapr-tc12');
  expect(pictures).toEqual([
    {
      picture: 'images/00/25.jpg',
      captions: ['a yellow building with white columns', 'two palm trees in Perú'],
      tags: [],
    },
  ]);
  expect(warnings).toEqual([expect.stringContaining('read as Latin-1')]);
});

it.each([
  ['Conceptual Captions', 'a very typical bus station\thttp://lh6.example.com/bus.jpg\nno address\n'],
  ['CC12M', 'http://lh6.example.com/bus.jpg\ta very typical bus station\nhttp://a\thttp://b\n'],
])('%s: caption and address', async (_, text) => {
  const { format, pictures, warnings } = await read({ 'train.tsv': text }, 'train.tsv');
  expect(format).toBe('conceptual-captions');
  expect(pictures).toEqual([
    { picture: 'http://lh6.example.com/bus.jpg', captions: ['a very typical bus station'], tags: [] },
  ]);
  expect(warnings).toHaveLength(1);
});

it('folders by class name, with splits above them', async () => {
  const { format, pictures, splits } = await read({
    'train/golden_retriever/1.jpg': 'x',
    'train/cat/2.jpg': 'x',
    'test/cat/3.jpg': 'x',
  });
  expect(format).toBe('class-folders');
  expect(pictures.map(({ picture, tags }) => [picture, tags])).toEqual([
    ['test/cat/3.jpg', ['cat']],
    ['train/cat/2.jpg', ['cat']],
    ['train/golden_retriever/1.jpg', ['golden retriever']],
  ]);
  expect(Object.keys(splits!)).toEqual(['test', 'train']);
  expect((await read({ 'cat/2.jpg': 'x', 'dog/4.jpg': 'x' })).format).toBe('class-folders');
});

it('Hugging Face imagefolder: a metadata file for each split', async () => {
  const { format, pictures, splits } = await read({
    'train/metadata.jsonl': '{"file_name": "0001.png", "text": "A golden retriever"}\n',
    'train/0001.png': 'x',
    'test/metadata.csv': 'file_name,text\n0002.png,A cat\n',
  });
  expect(format).toBe('imagefolder');
  expect(pictures).toEqual([
    { picture: 'test/0002.png', captions: ['A cat'], tags: [] },
    { picture: 'train/0001.png', captions: ['A golden retriever'], tags: [] },
  ]);
  expect(splits).toEqual({ test: ['test/0002.png'], train: ['train/0001.png'] });
});

describe('WebDataset shards', () => {
  it('join files of the same name', async () => {
    await using folder = await temporaryFolder();
    await folder.write('in/000000000.jpg', 'x');
    await folder.write('in/000000000.txt', 'A dog on a beach');
    await folder.write(
      'in/000000000.json',
      '{"caption": "A dog on a beach!", "tags": ["dog"], "url": "http://a"}',
    );
    await folder.write('in/000000001.webp', 'x');
    await folder.write('in/000000001.cls', '7');
    await folder.write('in/000000002.txt', 'lost');
    const names = [
      '000000000.jpg',
      '000000000.json',
      '000000000.txt',
      '000000001.webp',
      '000000001.cls',
      '000000002.txt',
    ];
    await create({ file: join(folder.path, '00000.tar'), cwd: join(folder.path, 'in') }, names);
    for (const path of [folder.path, join(folder.path, '00000.tar')]) {
      const { format, pictures, warnings } = await readAnnotations(path, { format: 'webdataset' });
      expect(format).toBe('webdataset');
      expect(pictures).toEqual([
        { picture: '000000000.jpg', captions: ['A dog on a beach'], tags: ['dog'] },
        { picture: '000000001.webp', captions: [], tags: ['7'] },
      ]);
      expect(warnings).toEqual([expect.stringContaining('000000002.txt: has no picture')]);
    }
  });

  it('that are no tar files are refused', async () => {
    await expect(read({ 'a.tar': 'not a tar file'.repeat(100) }, 'a.tar')).rejects.toMatchObject({
      code: 'bad-format',
    });
  });
});

describe('Parquet', () => {
  const table = parquetWriteBuffer({
    columnData: [
      { name: 'SAMPLE_ID', data: [1n, 2n, 3n], type: 'INT64' },
      { name: 'URL', data: ['http://a/1.jpg', 'http://a/2.jpg', 'http://a/3.jpg'], type: 'STRING' },
      { name: 'TEXT', data: ['A dog', null, 'Ein Käfer'], type: 'STRING' },
    ],
  });
  it('of LAION: address and text', async () => {
    const { format, pictures } = await read(
      { 'part-00000.parquet': new Uint8Array(table) },
      'part-00000.parquet',
    );
    expect(format).toBe('parquet');
    expect(pictures).toEqual([
      { picture: 'http://a/1.jpg', captions: ['A dog'], tags: [] },
      { picture: 'http://a/2.jpg', captions: [], tags: [] },
      { picture: 'http://a/3.jpg', captions: ['Ein Käfer'], tags: [] },
    ]);
  });

  it('truncated is refused by name', async () => {
    await expect(
      read({ 'p.parquet': new Uint8Array(table).subarray(0, 80) }, 'p.parquet'),
    ).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('p.parquet'),
    });
  });
});

describe('photo libraries', () => {
  const xmp = (inside: string) => `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/">${inside}</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;
  const bag = (name: string, ...items: string[]) =>
    `<${name}><rdf:Bag>${items.map((item) => `<rdf:li>${item}</rdf:li>`).join('')}</rdf:Bag></${name}>`;
  const photo = () => sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });

  /** An APP13 segment as Photoshop writes it, put behind the start of a JPEG file. */
  function withIptc(jpeg: Buffer, records: readonly (readonly [number, Buffer])[]): Buffer {
    const iim = Buffer.concat(
      records.map(([dataset, text]) =>
        Buffer.concat([Buffer.from([0x1c, 2, dataset, text.length >> 8, text.length & 255]), text]),
      ),
    );
    const size = Buffer.alloc(4);
    size.writeUInt32BE(iim.length);
    const resource = Buffer.concat([
      Buffer.from('Photoshop 3.0\0'),
      Buffer.from('8BIM\x04\x04\0\0', 'latin1'),
      size,
      iim,
      Buffer.alloc(iim.length % 2),
    ]);
    const marker = Buffer.from([0xff, 0xed, (resource.length + 2) >> 8, (resource.length + 2) & 255]);
    return Buffer.concat([jpeg.subarray(0, 2), marker, resource, jpeg.subarray(2)]);
  }

  it('keywords and captions of XMP and IPTC in the photos', async () => {
    await using folder = await temporaryFolder();
    const packet = xmp(
      `<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Two dogs &amp; a cat</rdf:li></rdf:Alt></dc:description>${bag('dc:subject', 'dog', 'beach')}${bag('lr:hierarchicalSubject', 'Animals|dog')}${bag('digiKam:TagsList', 'Places/Peru')}`,
    );
    await writeFile(join(folder.path, 'a.jpg'), await photo().withXmp(packet).jpeg().toBuffer());
    await writeFile(
      join(folder.path, 'b.jpg'),
      withIptc(await photo().jpeg().toBuffer(), [
        [25, Buffer.from('sunset')],
        [25, Buffer.from('Käfer', 'latin1')],
        [120, Buffer.from('A red evening')],
      ]),
    );
    await folder.write('broken.jpg', 'no picture');
    const { format, pictures, warnings } = await readAnnotations(folder.path);
    expect(format).toBe('photos');
    expect(pictures).toEqual([
      {
        picture: 'a.jpg',
        captions: ['Two dogs & a cat'],
        tags: ['dog', 'beach', 'Animals', 'Places', 'Peru'],
      },
      { picture: 'b.jpg', captions: ['A red evening'], tags: ['sunset', 'Käfer'] },
      { picture: 'broken.jpg', captions: [], tags: [] },
    ]);
    expect(warnings).toEqual([expect.stringContaining('broken.jpg')]);
  });

  it('XMP files beside the photos, as Lightroom, digiKam and Apple Photos name them', async () => {
    await using folder = await temporaryFolder();
    const jpeg = await photo().jpeg().toBuffer();
    for (const name of ['trip/a.jpg', 'trip/b.jpg', 'trip/c.jpg']) await folder.write(name, jpeg);
    await folder.write('trip/a.xmp', xmp(bag('dc:subject', 'dog')));
    await folder.write('trip/b.jpg.xmp', xmp(bag('dc:subject', 'cat')));
    await folder.write('trip/c.xmp', '<x:xmpmeta><unclosed>');
    const { format, pictures, warnings } = await readAnnotations(folder.path);
    expect(format).toBe('photos');
    expect(pictures.map(({ tags }) => tags)).toEqual([['dog'], ['cat'], []]);
    expect(warnings).toEqual([expect.stringContaining('c.xmp')]);
  });

  it('XMP files in capitals, and keywords of Windows and digiKam', async () => {
    await using folder = await temporaryFolder();
    const jpeg = await photo().jpeg().toBuffer();
    await folder.write('IMG_1.JPG', jpeg);
    await folder.write('IMG_2.jpg', jpeg);
    await folder.write(
      'IMG_2.JPG.XMP',
      xmp('<dc:title><rdf:Alt><rdf:li>IMG_2.jpg</rdf:li></rdf:Alt></dc:title>'),
    );
    await folder.write('img_3.jpg', jpeg);
    const microsoft = 'xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"';
    await folder.write(
      'IMG_1.XMP',
      xmp(
        `<rdf:Description ${microsoft}>${bag('MicrosoftPhoto:LastKeywordXMP', 'Places/Peru', 'llama')}</rdf:Description>${bag('digiKam:TagsList', '_Digikam_Internal_Tags_/Pick Label None', 'Trips/2024')}`,
      ),
    );
    await folder.write('IMG_3.Xmp', xmp(bag('dc:subject', 'sea')));
    const { pictures } = await readAnnotations(folder.path);
    expect(pictures).toEqual([
      { picture: 'IMG_1.JPG', captions: [], tags: ['Trips', '2024', 'Places', 'Peru', 'llama'] },
      { picture: 'IMG_2.jpg', captions: [], tags: [] },
      { picture: 'img_3.jpg', captions: [], tags: ['sea'] },
    ]);
  });

  it.skipIf(!hasShared)('an XMP file in capitals as Lightroom wrote it', async () => {
    await using folder = await temporaryFolder();
    await folder.write('IMG_1.jpg', await photo().jpeg().toBuffer());
    await folder.write('IMG_1.XMP', await readFile(join(SHARED, 'data/faults/SIDE.XMP')));
    expect((await readAnnotations(folder.path)).pictures[0]!.tags).toEqual(['place', 'Green Street']);
  });

  it('keywords and captions of TIFF, which is what Exif is within other files', async () => {
    await using folder = await temporaryFolder();
    const tiff = await photo().tiff().toBuffer();
    const [keywords, caption] = [Buffer.from('dog;beach\0', 'utf16le'), Buffer.from('Two dogs run\0')];
    // The directory again at the end, in the order of tags, with two more entries.
    const at = tiff.readUInt32LE(4);
    const count = tiff.readUInt16LE(at);
    const entry = (tag: number, type: number, length: number, offset: number) => {
      const bytes = Buffer.alloc(12);
      bytes.writeUInt16LE(tag, 0);
      bytes.writeUInt16LE(type, 2);
      bytes.writeUInt32LE(length, 4);
      bytes.writeUInt32LE(offset, 8);
      return bytes;
    };
    const entries = [
      ...Array.from({ length: count }, (_, i) => tiff.subarray(at + 2 + 12 * i, at + 14 + 12 * i)),
      entry(0x010e, 2, caption.length, tiff.length),
      entry(0x9c9e, 1, keywords.length, tiff.length + caption.length),
    ].sort((a, b) => a.readUInt16LE(0) - b.readUInt16LE(0));
    const head = Buffer.from(tiff);
    head.writeUInt32LE(tiff.length + caption.length + keywords.length, 4);
    const number = Buffer.alloc(2);
    number.writeUInt16LE(entries.length);
    const whole = Buffer.concat([head, caption, keywords, number, ...entries, Buffer.alloc(4)]);
    await writeFile(join(folder.path, 'a.tif'), whole);
    const { pictures, warnings } = await readAnnotations(folder.path);
    expect(pictures).toEqual([{ picture: 'a.tif', captions: ['Two dogs run'], tags: ['dog', 'beach'] }]);
    expect(warnings).toEqual([]);
  });

  it('keywords of pictures with more pixels than are decoded, and one line on what is damaged', async () => {
    await using folder = await temporaryFolder();
    const jpeg = await photo()
      .withXmp(xmp(bag('dc:subject', 'panorama')))
      .jpeg()
      .toBuffer();
    // 60,000 x 60,000 by its header.
    const frame = jpeg.findIndex(
      (byte, i) => byte === 0xff && (jpeg[i + 1] === 0xc0 || jpeg[i + 1] === 0xc2),
    );
    jpeg.writeUInt16BE(60_000, frame + 5);
    jpeg.writeUInt16BE(60_000, frame + 7);
    await writeFile(join(folder.path, 'a.jpg'), jpeg);
    await writeFile(join(folder.path, 'b.jpg'), jpeg.subarray(0, 30));
    const { pictures, warnings } = await readAnnotations(folder.path);
    expect(pictures[0]).toEqual({ picture: 'a.jpg', captions: [], tags: ['panorama'] });
    expect(warnings).toEqual([expect.stringMatching(/^[^\n]*b\.jpg: [^\n]*$/)]);
    expect(warnings[0]).not.toContain('Vips');
  });

  it('the description in Exif, without what cameras write there', async () => {
    await using folder = await temporaryFolder();
    const write = async (name: string, IFD0: Record<string, string>) =>
      writeFile(join(folder.path, name), await photo().withExif({ IFD0 }).jpeg().toBuffer());
    await write('a.jpg', { ImageDescription: 'A red evening' });
    for (const [i, text] of [
      'OLYMPUS DIGITAL CAMERA',
      'SONY DSC',
      'DCIM\\100MEDIA\\DJI_0001.JPG',
      'oznor',
      'b3',
    ].entries())
      await write(`b${i}.jpg`, { ImageDescription: `${text}         ` });
    await write('c.jpg', { ImageDescription: 'Acme', Make: 'Acme' });
    const { pictures } = await readAnnotations(folder.path);
    expect(pictures.map(({ captions }) => captions)).toEqual([['A red evening'], [], [], [], [], ['b3'], []]);
  });
});
