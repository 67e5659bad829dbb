import { fit, Moments } from '../../src/cca/index.ts';
import { type Contestants, randomMatrix, twoViews } from '../contestants.ts';
import { timed } from '../measure.ts';
import { exponent, growthPlot, type Section, seconds } from '../report.ts';

/** How time grows with the number of pairs, of features, and of pictures that are searched. */
export async function growth(
  all: Contestants,
  savePlot: (name: string, svg: string) => Promise<void>,
): Promise<Section[]> {
  const sections: Section[] = [];
  const curve = async (
    name: string,
    title: string,
    axis: string,
    sizes: readonly number[],
    run: (size: number) => Promise<number>,
  ) => {
    const times: number[] = [];
    for (const size of sizes) times.push(await run(size));
    await savePlot(name, growthPlot(title, axis, sizes, times));
    sections.push({
      title: `Growth: ${title}`,
      text: [
        `| ${axis} | time |`,
        '| --- | --- |',
        ...sizes.map((size, i) => `| ${size} | ${seconds(times[i]!)} |`),
        '',
        `Time grows as ${axis}^${exponent(sizes, times).toFixed(2)}.`,
        '',
        `![${title}](${name}.svg)`,
      ].join('\n'),
    });
  };
  const { wasm: engine, quick } = all;
  // Blocks come round again, so that a block must have more rows than features: else the moments have no full rank.
  const fitTime = async (n: number, dx: number, block: number) => {
    const [x, y] = twoViews(block, dx, 100, 100, 41);
    const taken = await timed(async () => {
      const moments = Moments.zero([dx, 100]);
      for (let done = 0; done < n; done += block) await moments.add([x, y], { engine, products: 'float32' });
      await fit(moments, { engine, dimensions: 100, ridge: 0.01 });
    });
    return taken.wall;
  };
  // One run before, so that kernels are compiled.
  await fitTime(5000, 256, 5000);
  const counts = quick ? [10_000, 20_000, 40_000] : [10_000, 30_000, 100_000, 300_000, 1_000_000];
  await curve('growth-n', 'fit, dx = 256, dy = 100, streamed', 'n', counts, (n) => fitTime(n, 256, 5000));
  const features = quick ? [256, 512, 1024] : [256, 512, 1024, 2048, 4096, 8192];
  await curve('growth-dx', 'fit, n = 10000, dy = 100', 'dx', features, (dx) => fitTime(10_000, dx, 10_000));
  const galleries = quick ? [10_000, 20_000, 40_000] : [10_000, 30_000, 100_000, 300_000, 1_000_000];
  const queries = randomMatrix(100, 128, 42);
  await curve('growth-search', 'top 10 of 100 queries, 128 dimensions', 'n', galleries, async (n) => {
    const gallery = await engine.hold(randomMatrix(n, 128, 43));
    let best = Infinity;
    for (let i = 0; i < 3; i++)
      best = Math.min(best, (await timed(() => engine.topK(queries, gallery, 10))).wall);
    await engine.release(gallery);
    return best;
  });
  return sections;
}
