// One second of the calendar in UTC, taken apart. One object is used again and again.
import { Civil, daysFromCivil } from "../../../../lib/calendar";

const DAY_SECONDS: i64 = 86_400;


@final
export class Moment {
  /** Unix time. */
  second: i64 = 0;
  year: i64 = 1970;
  /** 1 to 12. */
  month: i32 = 1;
  /** 1 to 31. */
  day: i32 = 1;
  /** Days since 1970-01-01. */
  private days: i64 = 0;
  private secondOfDay: i32 = 0;
  private civil: Civil = new Civil();

  set(second: i64): void {
    this.second = second;
    this.secondOfDay = <i32>(((second % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS);
    this.days = (second - this.secondOfDay) / DAY_SECONDS;
    this.civil.set(this.days);
    this.year = this.civil.year;
    this.month = this.civil.month;
    this.day = this.civil.day;
  }

  get hour(): i32 {
    return this.secondOfDay / 3600;
  }

  get minute(): i32 {
    return (this.secondOfDay / 60) % 60;
  }

  get secondOfMinute(): i32 {
    return this.secondOfDay % 60;
  }

  /** 0 (Sunday) to 6. */
  get weekDay(): i32 {
    return <i32>((((this.days + 4) % 7) + 7) % 7);
  }

  /** 1 to 366. */
  get dayOfYear(): i32 {
    return <i32>(this.days - daysFromCivil(this.year, 1, 1)) + 1;
  }
}
