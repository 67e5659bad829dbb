import { type Contestants, randomMatrix } from '../contestants.ts';
import { measure, timed } from '../measure.ts';
import { type Section, table } from '../report.ts';
import { enginesOf, peersOf } from './kernels.ts';

/** Exact search: the best ten of each query, against numpy's product and argpartition. */
export async function search(all: Contestants): Promise<Section[]> {
  const [n, d, k] = all.quick ? [20_000, 256, 10] : [100_000, 256, 10];
  const plain = randomMatrix(n, d, 31);
  const queries = randomMatrix(1000, d, 32);
  await all.share('gallery', plain);
  await all.share('queries', queries);
  const engines = await Promise.all(
    enginesOf(all)
      .slice(1)
      .map(async ([name, engine]) => ({ name, engine, gallery: await engine.hold(plain) })),
  );
  const sections: Section[] = [];
  for (const count of [1, 1000]) {
    const some = { rows: count, columns: d, data: queries.data.subarray(0, count * d) };
    const measured = await measure(
      [
        ...engines.map(({ name, engine, gallery }) => ({
          name,
          run: () => timed(() => engine.topK(some, gallery, k)),
        })),
        ...peersOf(all)
          .slice(1)
          .map(([name, peer]) => ({
            name,
            run: () => peer.ask('search', { gallery: 'gallery', queries: 'queries', count, k }),
          })),
      ],
      count === 1 ? 20 : all.quick ? 3 : 5,
    );
    sections.push({
      title: `Exact top ${k} of ${n} x ${d} float32, ${count === 1 ? 'one query' : `${count} queries at once`}`,
      text: table(measured, 'numpy'),
    });
  }
  for (const { engine, gallery } of engines) await engine.release(gallery);
  return sections;
}
