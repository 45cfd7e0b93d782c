import { WaitingList, WaitingStream } from "../../../../../assembly/filters/jwt-auth/keys/waiting";

class Waiter extends WaitingStream {}

describe("The list of requests that wait", () => {
  it("lets each leave in any order, once", () => {
    const list = new WaitingList();
    const waiters: Waiter[] = [];
    for (let i = 0; i < 10; i++) {
      const waiter = new Waiter();
      waiter.open();
      waiters.push(waiter);
      list.add(waiter, 3, 7, 100);
    }
    expect(list.count).toBe(10);
    for (let i = 0; i < 10; i++) {
      const waiter = waiters[(i * 7) % 10];
      expect(waiter.isWaiting).toBe(true);
      list.remove(waiter);
      list.remove(waiter);
      expect(waiter.isWaiting).toBe(false);
      expect(list.count).toBe(9 - i);
      for (let j = 0; j < list.count; j++) expect(list.at(j).isWaiting).toBe(true);
    }
  });

  it("remembers since when a request waits, also when it waits again", () => {
    const list = new WaitingList();
    const waiter = new Waiter();
    waiter.open();
    expect(waiter.hasWaited).toBe(false);
    list.add(waiter, 0, 1, 100);
    list.remove(waiter);
    list.add(waiter, 1, 2, 200);
    expect(waiter.since).toBe(100);
    expect(waiter.provider).toBe(1);
    expect(waiter.changesSeen).toBe(2);
    waiter.open();
    expect(waiter.hasWaited).toBe(false);
  });
});
