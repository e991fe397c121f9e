// Numbers and times as people read them.

/** "2026-11-23 05:34:57", as logs write it: sorts by eye and is the same for everybody who compares notes. */
export function dateTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
  return `${date(seconds)} ${clock}`;
}

export function date(seconds: number): string {
  const time = new Date(seconds * 1000);
  return [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join("-");
}

/** "45 s", "3 min 20 s", "2 h 5 min": two units are enough. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return join(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86_400) return join(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return join(Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3600), "h");
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** "512 B", "3.4 KiB", "120 MiB": two digits are enough, as of anything that is counted for people. */
export function bytes(number: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = Math.abs(number);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
  return `${number < 0 ? "-" : ""}${digits} ${units[unit]}`;
}

/** A fingerprint in groups of four, so that it can be compared by eye. */
export function fingerprint(hex: string): string {
  return (hex.match(/.{1,4}/g) ?? []).join(" ");
}

/** The local time of a date field, as seconds since 1970; 0 when it is empty or no time. */
export function secondsOf(local: string): number {
  const time = local ? Date.parse(local) : 0;
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}

/** The opposite of `secondsOf`: what a date field shows. */
export function localOf(seconds: number): string {
  return seconds === 0 ? "" : dateTime(seconds).replace(" ", "T").slice(0, 16);
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
