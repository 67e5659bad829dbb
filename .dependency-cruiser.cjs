// The folders of src/ from the ground up: a folder imports only from those before it.
const layers = [
  'linalg',
  'cca',
  'text',
  'retrieval',
  'evaluation',
  'models',
  'image',
  'datasets',
  'library',
  'pipeline',
  'cluster',
  'server',
  'cli',
];

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...layers.map((layer, index) => ({
      name: `layer-${layer}`,
      comment: `src/${layer} imports only from the folders before it`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: `^src/(?:${[...layers.slice(index + 1), 'index'].join('|')})(?:/|\\.ts$)` },
    })),
    {
      name: 'core-without-node',
      comment:
        'linalg, cca, text, retrieval, evaluation and errors run in a browser: Node only in *.node.ts files',
      severity: 'error',
      from: {
        path: '^src/(?:(?:linalg|cca|text|retrieval|evaluation)/|(?:errors|progress)\\.ts$)',
        pathNot: '\\.node\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '\\.generated\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/linalg/kernels/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
