import { CommanderError } from 'commander';
import { createProgram } from './program.ts';
import { guardOutput, reportError } from './run.ts';

guardOutput();
try {
  await createProgram().parseAsync();
} catch (error) {
  const code = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : reportError(error);
  // What could not be printed has set it already.
  if (code !== 0) process.exitCode = code;
}
