import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Times } from './measure.ts';

/** A Python process that computes what it is told to (peers/peer.py). */
export class PythonPeer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(process: ChildProcessWithoutNullStreams) {
    this.#process = process;
    this.#answers = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Starts Python, or gives undefined when it has no numpy.
   * @param threads of its BLAS; all cores when left out
   */
  static async start(threads?: number): Promise<PythonPeer | undefined> {
    const env: NodeJS.ProcessEnv = { ...process.env };
    // Settings meant for other programs would slow it down.
    delete env.OPENBLAS_CORETYPE;
    delete env.OPENBLAS_L2_SIZE;
    if (threads) env.OPENBLAS_NUM_THREADS = String(threads);
    // Debian's Python has its packages; a bare name finds that of a virtual environment or another system.
    for (const python of ['/usr/bin/python3', 'python3']) {
      const child = spawn(python, [join(import.meta.dirname, 'peers/peer.py')], { env });
      child.on('error', () => {});
      child.stdin.on('error', () => {});
      child.stderr.resume();
      const peer = new PythonPeer(child);
      try {
        await peer.ask('has', { module: 'numpy' });
        return peer;
      } catch {
        child.kill();
      }
    }
    return undefined;
  }

  /** Runs a task; the answer depends on it. */
  async ask(
    task: string,
    parameters: object = {},
  ): Promise<Times & { correlations?: number[]; found?: boolean }> {
    this.#process.stdin.write(`${JSON.stringify({ task, ...parameters })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('Python ended.');
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  has(module: string): Promise<boolean> {
    return this.ask('has', { module }).then(
      (answer) => answer.found === true,
      () => false,
    );
  }

  end(): void {
    this.#process.kill();
  }
}
