// The smallest Wasm filter: it has a context and one request callback, and asks the host nothing.
// What Envoy charges for it is the unit that the budgets are counted in.

import "../../assembly/host/abort";

export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_memory_allocate(size: i32): usize {
  return heap.alloc(<usize>size);
}

export function proxy_on_configure(root: i32, size: i32): i32 {
  return 1;
}

export function proxy_on_context_create(id: i32, root: i32): void {}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  return 0;
}
