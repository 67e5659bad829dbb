/**
 * Says which Node is needed where an older one imports the package, which would otherwise fail at the first thing that
 * it lacks. Other runtimes speak for themselves.
 */
const NEEDED = 24;

const { node, bun, deno } = globalThis.process?.versions ?? {};
if (node !== undefined && bun === undefined && deno === undefined && Number.parseInt(node, 10) < NEEDED)
  throw new Error(
    `Covista needs Node ${NEEDED} or newer; this is Node ${node}. Get it from https://nodejs.org, or with a version manager: nvm install ${NEEDED}`,
  );
