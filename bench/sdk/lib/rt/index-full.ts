// Lets @solo-io/proxy-runtime 0.1.8 compile with today's AssemblyScript, whose runtime has pins
// in place of counts.
export function __retain(pointer: usize): usize {
  return __pin(pointer);
}

export function __release(pointer: usize): void {
  __unpin(pointer);
}
