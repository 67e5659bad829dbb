import { fit, Moments } from '../../src/cca/index.ts';
import type { Engine, Matrix } from '../../src/linalg/index.ts';
import { type Contestants, twoViews } from '../contestants.ts';
import { type Contender, measure, timed } from '../measure.ts';
import { type Section, table } from '../report.ts';

/** A fit on data in memory, against numpy, statsmodels and scikit-learn. */
export async function ccaFit(all: Contestants): Promise<Section[]> {
  const [n, dx, dy, k] = all.quick ? [4000, 256, 50, 50] : [20_000, 1024, 100, 100];
  const [x, y] = twoViews(n, dx, dy, k, 11);
  const wide = [inDouble(x), inDouble(y)];
  // Of float32 features products in float64 are what a fit without a ridge takes, and float32 one with ridges.
  const kinds = [
    { name: 'float32, products in float32', views: [x, y], products: 'float32' },
    { name: 'float32', views: [x, y], products: 'float64' },
    { name: 'float64', views: wide, products: 'float64' },
  ] as const;
  await all.share('x', x, 'float64');
  await all.share('y', y, 'float64');
  const found = new Map<string, ArrayLike<number>>();
  const contenders: Contender[] = [];
  const engines: [string, Engine][] = [['wasm', all.wasm]];
  if (all.native) engines.push(['native', all.native]);
  for (const [name, engine] of engines)
    for (const { name: kind, views, products } of kinds)
      contenders.push({
        name: `${name}, ${kind}`,
        run: () =>
          timed(async () => {
            const moments = Moments.zero([dx, dy]);
            await moments.add(views, { engine, products });
            found.set(`${name}, ${kind}`, (await fit(moments, { engine, dimensions: k })).correlations);
          }),
      });
  const { numpy } = all;
  const notes: string[] = [];
  if (numpy) {
    const python = (name: string, task: string, rounds?: number): Contender => ({
      name,
      ...(rounds ? { rounds } : {}),
      run: async () => {
        const answer = await numpy.ask(task, { x: 'x', y: 'y', k });
        if (answer.correlations) found.set(name, answer.correlations.slice(0, k));
        return answer;
      },
    });
    contenders.push(python('numpy', 'cca'));
    if (await numpy.has('statsmodels')) contenders.push(python('statsmodels CanCorr', 'statsmodels_cca', 1));
    else notes.push('statsmodels was left out: install Debian python3-statsmodels.');
    if (await numpy.has('sklearn'))
      contenders.push(python('scikit-learn CCA, 1 component', 'sklearn_cca', 1));
    else notes.push('scikit-learn was left out: install Debian python3-sklearn.');
  }
  const measured = await measure(contenders, all.quick ? 3 : 5);
  const exact = found.get('numpy');
  if (exact)
    for (const [name, correlations] of found)
      if (name !== 'numpy') {
        let largest = 0;
        for (let i = 0; i < k; i++) largest = Math.max(largest, Math.abs(correlations[i]! - exact[i]!));
        notes.push(`Largest difference of a correlation from numpy's, ${name}: ${largest.toExponential(1)}.`);
      }
  return [
    {
      title: `CCA fit, n = ${n}, dx = ${dx}, dy = ${dy}, ${k} dimensions, data in memory`,
      text: `${table(measured, 'numpy')}\n\n${notes.join('\n')}`,
    },
  ];
}

function inDouble(m: Matrix): Matrix {
  return { ...m, data: new Float64Array(m.data) };
}
