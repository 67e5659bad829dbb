// The folders of src/ from the ground up: a folder imports only from those before it.
const layers = [
  'base',
  'linalg',
  'cca',
  'text',
  'retrieval',
  'evaluation',
  'files',
  'onnx',
  'datasets',
  'encoders',
  'library',
  'model',
  'learning',
  'search',
  'experiments',
  'pipeline',
  'showcases',
  'jobs',
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
        'base, linalg, cca, text, retrieval and evaluation run in a browser: Node only in *.node.ts files',
      severity: 'error',
      from: {
        path: '^src/(?:base|linalg|cca|text|retrieval|evaluation)/',
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
