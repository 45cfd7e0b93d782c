// One second of the calendar at an offset from UTC, taken apart. One object is used again and
// again.
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
  private isoCivil: Civil = new Civil();

  constructor(
    /** East of Greenwich it is above zero. */
    readonly offsetMinutes: i32,
  ) {}

  set(second: i64): void {
    const local = second + <i64>this.offsetMinutes * 60;
    this.second = second;
    this.secondOfDay = <i32>(((local % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS);
    this.days = (local - this.secondOfDay) / DAY_SECONDS;
    this.civil.set(this.days);
    this.year = this.civil.year;
    this.month = this.civil.month;
    this.day = this.civil.day;
  }

  get hour(): i32 {
    return this.secondOfDay / 3600;
  }

  /** 1 to 12. */
  get hourOfHalfDay(): i32 {
    return ((this.hour + 11) % 12) + 1;
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

  /** 1 (Monday) to 7. */
  get isoWeekDay(): i32 {
    return this.weekDay == 0 ? 7 : this.weekDay;
  }

  /** 1 to 366. */
  get dayOfYear(): i32 {
    return <i32>(this.days - daysFromCivil(this.year, 1, 1)) + 1;
  }

  /** The week of the year, counted from the first Sunday on; days before are in week 0. */
  get weekFromSunday(): i32 {
    return (this.dayOfYear + 6 - this.weekDay) / 7;
  }

  /** The same from the first Monday on. */
  get weekFromMonday(): i32 {
    return (this.dayOfYear + 7 - this.isoWeekDay) / 7;
  }

  /** The year that the week belongs to, ISO 8601: the one of its Thursday. */
  get isoYear(): i64 {
    this.isoCivil.set(this.thursday);
    return this.isoCivil.year;
  }

  /** 1 to 53, ISO 8601. */
  get isoWeek(): i32 {
    const first = daysFromCivil(this.isoYear, 1, 1);
    return <i32>((this.thursday - first) / 7) + 1;
  }

  private get thursday(): i64 {
    return this.days + 4 - this.isoWeekDay;
  }
}
