#!/usr/bin/env node
// Nodes that are too old for Covista run this file too, to say so: no syntax and no import that they may lack.
const { engines } = require('../../package.json') as { engines: { node: string } };
const needed = Number.parseInt(engines.node.replace(/\D+/, ''), 10);

if (Number.parseInt(process.versions.node, 10) < needed) {
  console.error(
    `error: Covista needs Node ${needed} or newer; this is Node ${process.versions.node}.\nGet it from https://nodejs.org, or with a version manager: nvm install ${needed}`,
  );
  process.exitCode = 1;
} else {
  import('./main.ts');
}
