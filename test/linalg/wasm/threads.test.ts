import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { wasmEngine } from '../../../src/linalg/index.ts';
import { KernelMemory } from '../../../src/linalg/wasm/memory.ts';
import { compileKernels } from '../../../src/linalg/wasm/module.ts';
import { workerThreads } from '../../../src/linalg/wasm/threads.ts';
import { random64 } from '../plain.ts';

describe('worker threads', () => {
  it('reject the call in which one of them fails, and every later one', async () => {
    const memory = new KernelMemory(true);
    const threads = await workerThreads(await compileKernels(true), memory, 2);
    // A matrix beyond the end of the memory traps in the kernel.
    const beyond = memory.memory.buffer.byteLength;
    const failed = { code: 'numeric', message: expect.stringContaining('out of bounds') };
    await expect(threads.run('mirror', [0, 0, beyond, 1000])).rejects.toMatchObject(failed);
    await expect(threads.run('mirror', [0, 0, 65536, 1])).rejects.toMatchObject(failed);
    await threads.close();
  });

  it('say so when they cannot start', async () => {
    const empty = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    await expect(workerThreads(empty, new KernelMemory(true), 2)).rejects.toMatchObject({ code: 'numeric' });
  });

  it('reject what is under way when the engine is closed, and what comes after', async () => {
    const engine = await wasmEngine({ threads: 2 });
    const x = random64(1500, 1500, 1);
    const running = engine.multiply(x, x);
    const closed = { code: 'usage', message: 'The engine is closed.' };
    setTimeout(() => engine.close(), 20);
    await expect(running).rejects.toMatchObject(closed);
    await expect(engine.multiply(x, x)).rejects.toMatchObject(closed);
  });
});

describe('a process with a WebAssembly engine', () => {
  const linalg = join(import.meta.dirname, '../../../src/linalg/index.ts');
  const run = async (body: string) => {
    const script = `import { wasmEngine, zeros64 } from ${JSON.stringify(linalg)};
const engine = await wasmEngine({ threads: 2 });
const x = zeros64(2000, 2000);
${body}`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number]>,
    ]);
    return { output, errors, code };
  };

  it('ends by itself when it has nothing more to do', async () => {
    const { output, code } = await run(`console.log((await engine.multiply(x, x)).rows);`);
    expect(output.trim()).toBe('2000');
    expect(code).toBe(0);
  });

  it('ends at an exception, in a call or not', async () => {
    for (const call of [
      '',
      'engine.multiply(x, x); await new Promise((resolve) => setTimeout(resolve, 50));',
    ]) {
      const { errors, code } = await run(`${call} throw new Error('out of luck');`);
      expect(errors).toContain('out of luck');
      expect(code).toBe(1);
    }
  });
});
