// The one WASI function that @solo-io/proxy-runtime 0.1.8 takes from a binding AssemblyScript no
// longer ships.
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
export declare function proc_exit(code: u32): void;
