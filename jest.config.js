const swc = (typescript) => [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: typescript ? { syntax: 'typescript', decorators: true } : { syntax: 'ecmascript' },
      transform: typescript ? { legacyDecorator: true, decoratorMetadata: true } : {},
    },
    module: { type: 'commonjs', importInterop: 'node', ignoreDynamic: false },
    sourceMaps: 'inline',
  },
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  reporters: ['default', '<rootDir>/test/support/skips.reporter.js'],
  transform: { '^.+\\.ts$': swc(true), '^.+\\.c?js$': swc(false) },
  transformIgnorePatterns: [
    '/node_modules/(?!(@electric-sql|@nestjs|@valibot|@seriousme|@ark|arktype|arkregex|content-disposition|light-my-request|cookie)/)',
  ],
  moduleNameMapper: {
    '^nestjs-sse-views$': '<rootDir>/src/index.ts',
    '^nestjs-sse-views/(postgres|redis|testing)$': '<rootDir>/src/$1/index.ts',
  },
};
