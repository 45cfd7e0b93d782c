// node:module in the browser: there is nothing to require, since no generated validator is there.

export function createRequire(): (file: string) => never {
  return (file) => {
    throw new Error(`${file} is not in the browser`);
  };
}
