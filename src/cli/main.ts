import { CommanderError } from 'commander';
import { createProgram } from './program.ts';
import { guardOutput, reportError } from './run.ts';
import { lap, reportTimings } from './timings.ts';

lap('start Node');

guardOutput();
try {
  const program = await createProgram(process.argv.slice(2));
  lap('load the command');
  await program.parseAsync();
} catch (error) {
  const code = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : reportError(error);
  // What could not be printed has set it already.
  if (code !== 0) process.exitCode = code;
}
lap('finish');
reportTimings();
