// How as-pect runs the unit specs: no imports but its own, so a unit can reach no host function.
export default {
  entries: [],
  include: [],
  disclude: [/node_modules/],
  async instantiate(memory, createImports, instantiate, binary) {
    return instantiate(binary, createImports({ env: { memory } }));
  },
  outputBinary: false,
};
