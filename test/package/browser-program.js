// What the parts of the package that run in a browser compute: the test of the package runs it in Node, and bundled in
// Chromium.
import { fitRows } from 'covista/cca';
import { CovistaError } from 'covista/errors';
import { renderReport, retrievalMetrics } from 'covista/evaluation';
import { createRandom, matrix, wasmEngine } from 'covista/linalg';
import { parseQuery } from 'covista/retrieval';
import { segmentWords, stemmer, stopWords } from 'covista/text';

export async function compute() {
  const { normal } = createRandom(7);
  const rows = (columns) => matrix(300, columns, Float32Array.from({ length: 300 * columns }, normal));
  const engine = await wasmEngine();
  const { correlations } = await fitRows([rows(20), rows(10)], { engine });
  const refused = await fitRows([rows(20), matrix(1, 1, new Float32Array(1))], { engine }).catch(
    (error) => error,
  );
  await engine.close();
  const picture = { bytes: Uint8Array.of(1, 2, 250), mime: 'image/png', alt: 'a' };
  const report = renderReport({
    title: 'a title',
    summary: '',
    evaluations: [],
    queries: [{ words: 'dog', results: [{ picture, score: 1 }] }],
    taggedPictures: [],
    correlations,
    settings: [],
    timings: [],
    credits: [],
    method: [],
  });
  return {
    threads: engine.threads,
    correlations: [...correlations],
    words: [...segmentWords('Two dogs were running', 'en')].map(stemmer('en')),
    stops: stopWords('en').has('the'),
    query: parseQuery('a dog -ball'),
    metrics: retrievalMetrics(Uint32Array.of(1, 3, 12)),
    picture: report.match(/data:image[^"]*/)?.[0],
    refused: refused instanceof CovistaError && refused.code,
  };
}
