import { Schedule } from "../../../assembly/edge/schedule";

const MILLI: i64 = 1_000_000;

describe("the ticks of composed filters", () => {
  it("asks the host for nothing while no filter wants ticks", () => {
    expect(new Schedule(2).hostMillis).toBe(0);
  });

  it("asks the host for the shortest period", () => {
    const schedule = new Schedule(2);
    schedule.set(0, 250, 0);
    schedule.set(1, 20, 0);
    expect(schedule.hostMillis).toBe(20);
    schedule.set(1, 0, 0);
    expect(schedule.hostMillis).toBe(250);
  });

  it("gives each filter its own period", () => {
    const schedule = new Schedule(2);
    schedule.set(0, 100, 0);
    schedule.set(1, 20, 0);
    let slow = 0;
    let fast = 0;
    for (let now = 20 * MILLI; now <= 1000 * MILLI; now += 20 * MILLI) {
      if (schedule.take(0, now)) slow++;
      if (schedule.take(1, now)) fast++;
    }
    expect(slow).toBe(10);
    expect(fast).toBe(50);
  });

  it("takes a tick that the host's timer gives a little early", () => {
    const schedule = new Schedule(2);
    schedule.set(0, 20, 0);
    expect(schedule.take(0, 19 * MILLI)).toBe(false);
    expect(schedule.take(0, 20 * MILLI - 400_000)).toBe(true);
  });
});
