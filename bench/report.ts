import type { Measured } from './measure.ts';

/** One section of the report: a table, and what is to be said about it. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

/** A table of contenders; ratios are to the one named, by the fastest run of each. */
export function table(
  measured: readonly Measured[],
  baseline: string,
  options: { operations?: number } = {},
): string {
  const { operations } = options;
  const base = measured.find(({ name }) => name === baseline);
  const head = ['', 'min', 'median', 'CPU time', ...(operations ? ['GFLOP/s', 'GFLOP / CPU s'] : [])];
  if (base) head.push(`time / ${baseline}`, 'by CPU time');
  const lines = [head, head.map(() => '---')];
  for (const { name, wall, cpu } of measured) {
    const line = [name, seconds(wall.min), seconds(wall.median), seconds(cpu.min)];
    if (operations)
      line.push((operations / wall.min / 1e9).toFixed(1), (operations / cpu.min / 1e9).toFixed(1));
    if (base) line.push((wall.min / base.wall.min).toFixed(2), (cpu.min / base.cpu.min).toFixed(2));
    lines.push(line);
  }
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

export function seconds(value: number): string {
  return value < 1 ? `${(value * 1e3).toPrecision(3)} ms` : `${value.toPrecision(3)} s`;
}

/** The exponent p of time ~ size^p, by least squares over logarithms. */
export function exponent(sizes: readonly number[], times: readonly number[]): number {
  const x = sizes.map(Math.log);
  const y = times.map(Math.log);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mx = mean(x);
  const my = mean(y);
  let top = 0;
  let bottom = 0;
  for (let i = 0; i < x.length; i++) {
    top += (x[i]! - mx) * (y[i]! - my);
    bottom += (x[i]! - mx) ** 2;
  }
  return top / bottom;
}

/** A plot of times against sizes on logarithmic axes, as SVG. */
export function growthPlot(
  title: string,
  axis: string,
  sizes: readonly number[],
  times: readonly number[],
): string {
  const [width, height, margin] = [480, 300, 60];
  const scale = (values: readonly number[], from: number, to: number) => {
    const low = Math.log(Math.min(...values));
    const high = Math.log(Math.max(...values));
    return (value: number) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
  };
  const x = scale(sizes, margin, width - 20);
  const y = scale(times, height - margin, 40);
  const points = sizes.map((size, i) => `${x(size).toFixed(1)},${y(times[i]!).toFixed(1)}`);
  const text = (left: number, top: number, content: string, anchor = 'middle') =>
    `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(width / 2, 20, `${title}: time ~ ${axis}^${exponent(sizes, times).toFixed(2)}`),
    `<polyline points="${points.join(' ')}" fill="none" stroke="#0b6" stroke-width="2"/>`,
    ...sizes.map(
      (size, i) =>
        `<circle cx="${x(size).toFixed(1)}" cy="${y(times[i]!).toFixed(1)}" r="3" fill="#0b6"/>${text(x(size), height - margin + 20, String(size))}${text(margin - 8, y(times[i]!) + 4, seconds(times[i]!), 'end')}`,
    ),
    text(width / 2, height - 14, axis),
    '</svg>',
  ].join('\n');
}
