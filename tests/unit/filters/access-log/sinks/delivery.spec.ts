import {
  Delivery,
  DeliverySettings,
  NO_STATUS,
} from "../../../../../assembly/filters/access-log/sinks/delivery";
import { Line } from "../../../../../assembly/filters/access-log/format/line";
import { NdjsonEncoder } from "../../../../../assembly/filters/access-log/sinks/encoders/ndjson";
import { OtlpJsonEncoder } from "../../../../../assembly/filters/access-log/sinks/encoders/otlp-json";
import { UNSTATED } from "../../../../../assembly/filters/access-log/sinks/retry-after";
import { EMPTY, lengthOf, toText, utf8, view } from "../../../../../assembly/lib/bytes";

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1000 * MILLI;
/** The longest first pause: one second and the quarter that spreads the workers. */
const PAUSE: i64 = 1250 * MILLI;

function settings(records: i32 = 3): DeliverySettings {
  const made = new DeliverySettings();
  made.batchRecords = records;
  made.batchBytes = 1000;
  made.intervalNanos = SECOND;
  made.timeoutNanos = 5 * SECOND;
  made.queueBytes = 4096;
  return made;
}

function sink(records: i32 = 3): Delivery {
  return new Delivery(settings(records), new NdjsonEncoder(), 1);
}

function take(delivery: Delivery, json: string, now: i64 = 0): void {
  const line = new Line();
  const bytes = utf8(json);
  line.bytes = view(bytes);
  delivery.take(line, now, now);
}

function begin(delivery: Delivery, now: i64): string {
  return toText(delivery.begin(now));
}

function takeMany(delivery: Delivery, count: i32, now: i64 = 0): void {
  for (let i = 0; i < count; i++) take(delivery, i.toString(), now);
}

/** Every line has exactly one end, or waits. */
function expectBalance(delivery: Delivery): void {
  expect(delivery.tally.queued.value).toBe(delivery.tally.settled + delivery.waiting);
}

describe("a batch", () => {
  it("goes out when there are enough lines", () => {
    const delivery = sink(3);
    takeMany(delivery, 2);
    expect(delivery.isDue(0)).toBe(false);
    expect(begin(delivery, 0)).toBe("");
    take(delivery, "2");
    expect(delivery.isDue(0)).toBe(true);
    expect(begin(delivery, 0)).toBe("0\n1\n2\n");
    expectBalance(delivery);
  });

  it("goes out when there are enough bytes", () => {
    const delivery = sink(100);
    take(delivery, "1".repeat(600));
    expect(delivery.isDue(0)).toBe(false);
    take(delivery, "2".repeat(600));
    expect(delivery.isDue(0)).toBe(true);
    expect(lengthOf(delivery.begin(0))).toBe(601);
  });

  it("goes out when the oldest line has waited long enough", () => {
    const delivery = sink(100);
    take(delivery, "1", 5 * SECOND);
    take(delivery, "2", 5 * SECOND + 500 * MILLI);
    expect(delivery.isDue(6 * SECOND - 1)).toBe(false);
    expect(begin(delivery, 6 * SECOND)).toBe("1\n2\n");
  });

  it("is alone in flight; the next one follows its answer", () => {
    const delivery = sink(2);
    takeMany(delivery, 5);
    expect(begin(delivery, 0)).toBe("0\n1\n");
    expect(begin(delivery, 0)).toBe("");
    delivery.answered(0, 200, UNSTATED, EMPTY);
    expect(delivery.tally.delivered.value).toBe(2);
    expect(begin(delivery, 0)).toBe("2\n3\n");
    delivery.answered(0, 204, UNSTATED, EMPTY);
    expect(delivery.tally.delivered.value).toBe(4);
    expect(begin(delivery, 0)).toBe("");
    expect(delivery.waiting).toBe(1);
    expectBalance(delivery);
  });

  it("is refused for good by what no other try would change", () => {
    const statuses = [400, 401, 403, 404, 413, 301, 199, 501];
    for (let i = 0; i < statuses.length; i++) {
      const delivery = sink(2);
      takeMany(delivery, 2);
      delivery.begin(0);
      delivery.answered(0, statuses[i], UNSTATED, EMPTY);
      expect(delivery.tally.rejected.value).toBe(2);
      expect(delivery.waiting).toBe(0);
    }
  });

  it("is the same one when it is tried again, after a pause", () => {
    const statuses = [NO_STATUS, 408, 429, 500, 502, 503, 504];
    for (let i = 0; i < statuses.length; i++) {
      const delivery = sink(2);
      takeMany(delivery, 3);
      delivery.begin(0);
      delivery.answered(0, statuses[i], UNSTATED, EMPTY);
      expect(delivery.isDue(SECOND - 1)).toBe(false);
      expect(begin(delivery, PAUSE)).toBe("0\n1\n");
      expect(delivery.tally.retries.value).toBe(1);
      delivery.answered(PAUSE, 200, UNSTATED, EMPTY);
      expect(delivery.tally.delivered.value).toBe(2);
      expectBalance(delivery);
    }
  });

  it("of OTLP is tried again only where the specification says so", () => {
    const statuses = [408, 500, 501, 400];
    for (let i = 0; i < statuses.length; i++) {
      const delivery = new Delivery(settings(1), new OtlpJsonEncoder([]), 1);
      takeMany(delivery, 1);
      delivery.begin(0);
      delivery.answered(0, statuses[i], UNSTATED, EMPTY);
      expect(delivery.tally.rejected.value).toBe(1);
    }
  });

  it("is tried again when it could not even be sent", () => {
    const delivery = sink(1);
    takeMany(delivery, 1);
    delivery.begin(0);
    delivery.failed(0);
    expect(delivery.isDue(0)).toBe(false);
    expect(begin(delivery, PAUSE)).toBe("0\n");
  });

  it("pauses twice as long each time, up to half a minute and a quarter", () => {
    const delivery = sink(1);
    takeMany(delivery, 1);
    let now: i64 = 0;
    const pauses: i64[] = [1, 2, 4, 8, 16, 30, 30];
    for (let i = 0; i < pauses.length; i++) {
      delivery.begin(now);
      delivery.answered(now, 503, UNSTATED, EMPTY);
      const pause = pauses[i] * SECOND;
      expect(delivery.isDue(now + pause - 1)).toBe(false);
      now += pause + pause / 4;
      expect(delivery.isDue(now)).toBe(true);
    }
  });

  it("waits as long as the sink asks, but no less than we would and no longer than a minute", () => {
    const asked: i64[] = [10, 0, 60, 86_400];
    const kept: i64[] = [10, 1, 60, 60];
    for (let i = 0; i < asked.length; i++) {
      const delivery = sink(1);
      takeMany(delivery, 1);
      delivery.begin(0);
      delivery.answered(0, 429, asked[i] * SECOND, EMPTY);
      expect(delivery.isDue(kept[i] * SECOND - 1)).toBe(false);
      expect(delivery.isDue(max(kept[i] * SECOND, PAUSE))).toBe(true);
    }
  });

  it("is given up after five minutes of tries, and makes room for newer lines", () => {
    const delivery = sink(1);
    takeMany(delivery, 2);
    let now: i64 = 0;
    while (delivery.tally.droppedRetries.value == 0 && now < 1000 * SECOND) {
      now += SECOND;
      if (lengthOf(delivery.begin(now)) > 0) delivery.answered(now, 503, UNSTATED, EMPTY);
    }
    expect(now >= 300 * SECOND).toBe(true);
    expect(now < 345 * SECOND).toBe(true);
    expect(begin(delivery, now)).toBe("1\n");
    expectBalance(delivery);
  });

  it("that never gets an answer is overdue after its timeout and a margin", () => {
    const delivery = sink(1);
    takeMany(delivery, 1);
    delivery.begin(0);
    expect(delivery.expire(7 * SECOND - 1)).toBe(false);
    expect(delivery.expire(7 * SECOND)).toBe(true);
    expect(delivery.expire(7 * SECOND)).toBe(false);
    expect(begin(delivery, 7 * SECOND + PAUSE)).toBe("0\n");
    delivery.answered(8 * SECOND, 200, UNSTATED, EMPTY);
    expect(delivery.tally.delivered.value).toBe(1);
    expectBalance(delivery);
  });

  it("is answered once: whatever comes besides changes nothing", () => {
    const delivery = sink(1);
    takeMany(delivery, 1);
    delivery.answered(0, 200, UNSTATED, EMPTY);
    delivery.failed(0);
    delivery.begin(0);
    delivery.answered(0, 200, UNSTATED, EMPTY);
    delivery.answered(0, 503, UNSTATED, EMPTY);
    expect(delivery.tally.delivered.value).toBe(1);
    expect(delivery.tally.retries.value).toBe(0);
    expectBalance(delivery);
  });
});

describe("a partial success", () => {
  it("counts what the sink did not take", () => {
    const delivery = new Delivery(settings(3), new OtlpJsonEncoder([]), 1);
    takeMany(delivery, 3);
    delivery.begin(0);
    const answer = utf8('{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}');
    delivery.answered(0, 200, UNSTATED, view(answer));
    expect(delivery.tally.rejected.value).toBe(2);
    expect(delivery.tally.delivered.value).toBe(1);
  });

  it("cannot claim more than there was, nor less than nothing", () => {
    const claims = ["99999999999", "9223372036854775807", "-5"];
    const rejected: i64[] = [3, 3, 0];
    for (let i = 0; i < claims.length; i++) {
      const delivery = new Delivery(settings(3), new OtlpJsonEncoder([]), 1);
      takeMany(delivery, 3);
      delivery.begin(0);
      const answer = utf8('{"partialSuccess":{"rejectedLogRecords":' + claims[i] + "}}");
      delivery.answered(0, 200, UNSTATED, view(answer));
      expect(delivery.tally.rejected.value).toBe(rejected[i]);
      expect(delivery.tally.delivered.value).toBe(3 - rejected[i]);
    }
  });
});

describe("an outage", () => {
  it("keeps the newest lines, and counts the rest", () => {
    const delivery = sink(10);
    takeMany(delivery, 10);
    delivery.begin(0);
    for (let i = 0; i < 1000; i++) take(delivery, (1000 + i).toString());
    expect(delivery.tally.droppedFull.value > 0).toBe(true);
    expectBalance(delivery);
    delivery.answered(0, 200, UNSTATED, EMPTY);
    expect(delivery.tally.delivered.value).toBe(10);
    let last = "";
    for (let i = 0; i < 1000 && delivery.isDue(0); i++) {
      last = begin(delivery, 0);
      delivery.answered(0, 200, UNSTATED, EMPTY);
    }
    expectBalance(delivery);
    expect(last.includes("1999\n") || delivery.waiting > 0).toBe(true);
  });

  it("counts a line that no queue could hold", () => {
    const delivery = sink(10);
    take(delivery, "9".repeat(5000));
    expect(delivery.tally.droppedLarge.value).toBe(1);
    expectBalance(delivery);
  });
});

describe("the end", () => {
  it("sends everything at once, batch by batch", () => {
    const delivery = sink(2);
    takeMany(delivery, 3);
    delivery.close(0);
    expect(begin(delivery, 0)).toBe("0\n1\n");
    delivery.answered(0, 200, UNSTATED, EMPTY);
    expect(begin(delivery, 0)).toBe("2\n");
    delivery.answered(0, 200, UNSTATED, EMPTY);
    expect(delivery.waiting).toBe(0);
  });

  it("does not wait for a pause to be over, and tries nothing twice", () => {
    const delivery = sink(2);
    takeMany(delivery, 2);
    delivery.begin(0);
    delivery.answered(0, 503, UNSTATED, EMPTY);
    delivery.close(0);
    expect(begin(delivery, 0)).toBe("0\n1\n");
    delivery.answered(0, 503, UNSTATED, EMPTY);
    expect(delivery.tally.droppedShutdown.value).toBe(2);
    expect(delivery.waiting).toBe(0);
    expectBalance(delivery);
  });

  it("sends a batch again whose answer will not come", () => {
    const delivery = sink(2);
    takeMany(delivery, 2);
    delivery.begin(0);
    delivery.close(0);
    expect(begin(delivery, 0)).toBe("0\n1\n");
    delivery.answered(0, 200, UNSTATED, EMPTY);
    expect(delivery.tally.delivered.value).toBe(2);
    expect(delivery.isOver(0)).toBe(true);
  });

  it("is over when nothing is left, or after ten seconds however often it is announced", () => {
    const delivery = sink(2);
    takeMany(delivery, 2);
    expect(delivery.isOver(i64.MAX_VALUE - 1)).toBe(false);
    delivery.close(SECOND);
    delivery.close(5 * SECOND);
    expect(delivery.isOver(10 * SECOND)).toBe(false);
    expect(delivery.isOver(11 * SECOND)).toBe(true);
  });

  it("counts what is given up", () => {
    const delivery = sink(2);
    takeMany(delivery, 5);
    delivery.begin(0);
    delivery.abandon();
    expect(delivery.tally.droppedShutdown.value).toBe(5);
    expect(delivery.waiting).toBe(0);
    expectBalance(delivery);
  });
});
