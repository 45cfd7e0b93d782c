import { HEAD_BYTES, NO_ROOM, Queue } from "../../../../../assembly/filters/access-log/sinks/queue";
import { toText, utf8, view } from "../../../../../assembly/lib/bytes";
import { Writer } from "../../../../../assembly/lib/writer";

function push(queue: Queue, record: string, now: i64 = 0): i32 {
  const bytes = utf8(record);
  return queue.push(view(bytes), now);
}

function take(queue: Queue, records: i32): string {
  const to = new Writer();
  queue.move(to, records);
  return toText(to.view());
}

describe("the queue of a sink", () => {
  it("gives the records back in order, one behind the other", () => {
    const queue = new Queue(1000, 10);
    push(queue, "one");
    push(queue, "two");
    push(queue, "three");
    expect(queue.count).toBe(3);
    expect(queue.bytes).toBe(11);
    expect(take(queue, 2)).toBe("onetwo");
    expect(take(queue, 9)).toBe("three");
    expect(queue.count).toBe(0);
    expect(queue.bytes).toBe(0);
    expect(take(queue, 1)).toBe("");
    queue.free();
  });

  it("drops the oldest when the bytes are full, as many as it must, and says how many", () => {
    const queue = new Queue(3 * (HEAD_BYTES + 4), 10);
    expect(push(queue, "aaaa")).toBe(0);
    expect(push(queue, "bbbb")).toBe(0);
    expect(push(queue, "cccc")).toBe(0);
    expect(push(queue, "dddd")).toBe(1);
    expect(push(queue, "eeeeeeee")).toBe(2);
    expect(take(queue, 9)).toBe("ddddeeeeeeee");
    queue.free();
  });

  it("drops the oldest when there are too many", () => {
    const queue = new Queue(1000, 2);
    push(queue, "a");
    push(queue, "b");
    expect(push(queue, "c")).toBe(1);
    expect(take(queue, 9)).toBe("bc");
    queue.free();
  });

  it("takes a record that fills it, refuses one that does not fit, and keeps what it has", () => {
    const queue = new Queue(HEAD_BYTES + 5, 10);
    expect(push(queue, "12345")).toBe(0);
    expect(push(queue, "123456")).toBe(NO_ROOM);
    expect(push(queue, "54321")).toBe(1);
    expect(take(queue, 1)).toBe("54321");
    queue.free();
  });

  it("keeps every byte when records and heads lie across the end of the memory", () => {
    const queue = new Queue(101, 100);
    let expected = "";
    let pushed = 0;
    for (let round = 0; round < 500; round++) {
      const record = "r" + round.toString() + "x".repeat((round * 7) % 23) + ";";
      expected = expected + record;
      pushed++;
      const dropped = push(queue, record, round);
      for (let i = 0; i < dropped; i++) expected = expected.substring(expected.indexOf(";") + 1);
      pushed -= dropped;
      expect(queue.count).toBe(pushed);
      expect(queue.bytes).toBe(expected.length);
      if (round % 3 == 0) {
        const first = expected.substring(0, expected.indexOf(";") + 1);
        expect(take(queue, 1)).toBe(first);
        expected = expected.substring(first.length);
        pushed--;
      }
    }
    queue.free();
  });

  it("knows when the oldest came", () => {
    const queue = new Queue(1000, 10);
    expect(queue.oldestAt()).toBe(i64.MAX_VALUE);
    push(queue, "a", 5);
    push(queue, "b", 7);
    expect(queue.oldestAt()).toBe(5);
    take(queue, 1);
    expect(queue.oldestAt()).toBe(7);
    queue.free();
  });

  it("measures a batch by records and by bytes, of one record at least", () => {
    const queue = new Queue(1000, 10);
    expect(queue.measure(10, 10).records).toBe(0);
    push(queue, "12345");
    push(queue, "123");
    push(queue, "12");
    expect(queue.measure(2, 100).records).toBe(2);
    expect(queue.measure(2, 100).bytes).toBe(8);
    expect(queue.measure(10, 9).records).toBe(2);
    expect(queue.measure(10, 10).records).toBe(3);
    expect(queue.measure(10, 1).records).toBe(1);
    expect(queue.measure(10, 1).bytes).toBe(5);
    queue.free();
  });

  it("can be used again after its memory was given back", () => {
    const queue = new Queue(100, 10);
    push(queue, "a");
    push(queue, "b");
    expect(queue.free()).toBe(2);
    expect(queue.free()).toBe(0);
    push(queue, "c");
    expect(take(queue, 1)).toBe("c");
    queue.free();
  });

  it("refuses to take more than the machine's memory for all queues together", () => {
    const queues: Queue[] = [];
    const size = 48 * 1024 * 1024;
    for (let i = 0; i < 4; i++) queues.push(new Queue(size, 10));
    expect(push(queues[0], "a")).toBe(0);
    expect(push(queues[1], "a")).toBe(0);
    expect(push(queues[2], "a")).toBe(NO_ROOM);
    queues[0].free();
    expect(push(queues[3], "a")).toBe(0);
    for (let i = 0; i < 4; i++) queues[i].free();
  });
});
