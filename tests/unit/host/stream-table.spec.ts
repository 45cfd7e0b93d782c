import { Stream } from "../../../assembly/host/context";
import { StreamTable } from "../../../assembly/host/stream-table";

class TestStream extends Stream {}

function make(id: u32): Stream {
  const stream = new TestStream();
  stream.id = id;
  return stream;
}

describe("the table of open streams", () => {
  it("gives back what was put in, and null for ids it never saw", () => {
    const table = new StreamTable();
    table.set(7, make(7));
    expect(table.get(7)!.id).toBe(7);
    expect(table.get(8)).toBeNull();
    expect(table.remove(8)).toBeNull();
    expect(table.remove(7)!.id).toBe(7);
    expect(table.get(7)).toBeNull();
  });

  it("agrees with a map over ten thousand random openings and closings", () => {
    const table = new StreamTable();
    const model = new Map<u32, bool>();
    let random: u32 = 12345;
    let wrong = 0;
    for (let id: u32 = 1; id <= 10_000; id++) {
      table.set(id * 3, make(id * 3));
      model.set(id * 3, true);
      random = random * 1664525 + 1013904223;
      // Streams mostly end soon, some stay long: the table must close its gaps either way.
      if (random >> 30 != 0) {
        random = random * 1664525 + 1013904223;
        const victim = 3 * (id - min(id - 1, random % 700));
        const removed = table.remove(victim);
        if ((removed !== null) != model.has(victim)) wrong++;
        model.delete(victim);
      }
    }
    for (let id: u32 = 1; id <= 10_000; id++) {
      const stream = table.get(id * 3);
      if ((stream !== null) != model.has(id * 3)) wrong++;
      if (stream !== null && stream.id != id * 3) wrong++;
    }
    expect(wrong).toBe(0);
  });
});
