// The cryptography without a proxy: see micro.ts.
export { run } from "../micro.ts";
