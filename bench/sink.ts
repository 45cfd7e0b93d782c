// A log sink in a process of its own, so that its work is not the load generator's: `node bench/sink.ts healthy|hang`
// prints its port, and ends with its parent.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const hangs = process.argv[2] === "hang";
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => hangs || response.end());
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().on("end", () => process.exit());
