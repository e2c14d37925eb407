/* oxlint-disable no-underscore-dangle -- the names are those of Node */
/**
 * `node --require` this file runs TypeScript from `src` and `test` as Jest does, for processes that a test starts. Nothing is
 * built, and nothing is checked.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');
const { moduleNameMapper, transform } = require('../../jest.config');

const [, options] = transform['^.+\\.ts$'];
const names = Object.entries(moduleNameMapper).map(([pattern, file]) => [
  new RegExp(pattern),
  file.replace('<rootDir>', join(__dirname, '../..')),
]);

Module._extensions['.ts'] = (module, filename) => {
  module._compile(transformSync(readFileSync(filename, 'utf8'), { ...options, filename }).code, filename);
};

const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => {
  const [pattern, file] = names.find(([name]) => name.test(request)) ?? [];
  return resolve(pattern ? request.replace(pattern, file) : request, ...rest);
};
