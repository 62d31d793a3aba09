// Figures as people read them: money with its currency's decimals, shares, days, dates.

const LOCALE = undefined; // the reader's own
const NONE = "–";
const cached = new Map();

function formatter(key, make) {
  if (!cached.has(key)) cached.set(key, make());
  return cached.get(key);
}

const FITTING = 10; // characters that the narrowest tile has room for

/** Minor units → "€1,234.50"; "short" → "€1.2K"; "fitting" leaves out decimals that do not fit. */
export function money(minor, currency, form = "full") {
  if (minor === null || minor === undefined) return NONE;
  const style = { style: "currency", currency };
  const whole = formatter(`money ${currency}`, () => new Intl.NumberFormat(LOCALE, style));
  const units = minor / 10 ** whole.resolvedOptions().maximumFractionDigits;
  const text = whole.format(units);
  if (form === "full" || (form === "fitting" && text.length <= FITTING)) return text;
  const bare = { ...style, maximumFractionDigits: 0 };
  if (form === "fitting") {
    return formatter(`bare ${currency}`, () => new Intl.NumberFormat(LOCALE, bare)).format(units);
  }
  const compact = { ...style, notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 };
  return formatter(`short ${currency}`, () => new Intl.NumberFormat(LOCALE, compact)).format(units);
}

export function share(value, digits = 1) {
  if (value === null || value === undefined) return NONE;
  const options = { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits };
  return formatter(`share ${digits}`, () => new Intl.NumberFormat(LOCALE, options)).format(value);
}

export function days(value) {
  if (value === null || value === undefined) return NONE;
  const options = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const text = formatter("days", () => new Intl.NumberFormat(LOCALE, options)).format(value);
  return `${text} d`;
}

export function count(value) {
  if (value === null || value === undefined) return NONE;
  return formatter("count", () => new Intl.NumberFormat(LOCALE)).format(value);
}

/** "2026-03-31" as the reader writes days. Calendar days have no zone: UTC on both sides. */
export function day(text) {
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return formatter("day", () => new Intl.DateTimeFormat(LOCALE, options)).format(seconds(text) * 1000);
}

/** Seconds since 1970 → "Dec 26". */
export function shortDay(stamp) {
  const options = { day: "numeric", month: "short", timeZone: "UTC" };
  const days = formatter("short day", () => new Intl.DateTimeFormat(LOCALE, options));
  return stamp === undefined || stamp === null ? "" : days.format(stamp * 1000);
}

/** The difference of two shares, in percentage points. */
export function points(difference) {
  const options = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const text = formatter("days", () => new Intl.NumberFormat(LOCALE, options));
  return `${text.format(difference * 100)} pp`;
}

/** Two days as one text: "Dec 26 – 31, 2026". */
export function span(from, to) {
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  const days = formatter("day", () => new Intl.DateTimeFormat(LOCALE, options));
  return days.formatRange(seconds(from) * 1000, seconds(to) * 1000);
}

export function time(instant) {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return formatter("time", () => new Intl.DateTimeFormat(LOCALE, options)).format(instant);
}

/** A calendar day as seconds since 1970, at 00:00 UTC. */
export function seconds(text) {
  return Date.parse(`${text}T00:00:00Z`) / 1000;
}

/** The calendar day so many days later. */
export function shift(text, by) {
  return new Date((seconds(text) + by * 86_400) * 1000).toISOString().slice(0, 10);
}

/** Days in the window, both ends included. */
export function length(from, to) {
  return Math.round((seconds(to) - seconds(from)) / 86_400) + 1;
}
