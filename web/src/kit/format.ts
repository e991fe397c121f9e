// Numbers and times as people read them.

const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function dateTime(seconds: number): string {
  return DATE_TIME.format(seconds * 1000);
}

export function date(seconds: number): string {
  return DATE.format(seconds * 1000);
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

/** A fingerprint in groups of four, so that it can be compared by eye. */
export function fingerprint(hex: string): string {
  return (hex.match(/.{1,4}/g) ?? []).join(" ");
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
