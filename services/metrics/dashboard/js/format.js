// Figures as people read them: money with its currency's decimals, shares, days, dates.

const LOCALE = undefined; // the reader's own
const NONE = "–";
/** @type {Map<string, any>} */
const cached = new Map();

/** @template T @param {string} key @param {() => T} make @returns {T} */
function formatter(key, make) {
  if (!cached.has(key)) cached.set(key, make());
  return cached.get(key);
}

/** @param {unknown} value @returns {value is null | undefined} */
const isNone = (value) => value === null || value === undefined;

/** Minor units → "€1,234.50"; "short" → "€1.2K"; "whole" leaves out decimals.
 * @param {number | null | undefined} minor @param {string} currency @param {"full" | "short" | "whole"} [form] */
export function money(minor, currency, form = "full") {
  if (isNone(minor)) return NONE;
  const style = /** @type {const} */ ({ style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const full = formatter(`money ${currency}`, () => new Intl.NumberFormat(LOCALE, style));
  const units = minor / 10 ** (full.resolvedOptions().maximumFractionDigits ?? 2);
  if (form === "full") return full.format(units);
  if (form === "whole") {
    const bare = { ...style, maximumFractionDigits: 0 };
    return formatter(`bare ${currency}`, () => new Intl.NumberFormat(LOCALE, bare)).format(units);
  }
  const compact = /** @type {const} */ ({ ...style, notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 });
  return formatter(`short ${currency}`, () => new Intl.NumberFormat(LOCALE, compact)).format(units);
}

/** @param {number | null | undefined} value @param {number} [digits] */
export function share(value, digits = 1) {
  if (isNone(value)) return NONE;
  const options = /** @type {const} */ ({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
  return formatter(`share ${digits}`, () => new Intl.NumberFormat(LOCALE, options)).format(value);
}

/** A share at an axis: never rounded to one that it is not. @param {number} value */
export const tick = (value) => share(value, Math.abs(value * 100 - Math.round(value * 100)) < 1e-6 ? 0 : 1);

/** @param {number | null | undefined} value @param {number} [digits] */
export function number(value, digits = 0) {
  if (isNone(value)) return NONE;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return formatter(`number ${digits}`, () => new Intl.NumberFormat(LOCALE, options)).format(value);
}

/** @param {number | null | undefined} value */
export function days(value) {
  return isNone(value) ? NONE : `${number(value, 1)} d`;
}

/** @param {number | null | undefined} value */
export function count(value) {
  return isNone(value) ? NONE : number(value, Number.isInteger(value) ? 0 : 1);
}

/** The difference of two shares. @param {number} difference */
export function points(difference) {
  return `${number(difference * 100, 1)} pp`;
}

/** How values of a unit are written.
 * @param {string | undefined} unit @param {string | null | undefined} currency @param {"full" | "short" | "whole"} [form]
 * @returns {(value: number | null | undefined) => string} */
export function writer(unit, currency, form = "full") {
  if (unit === "ratio") return (value) => share(value);
  if (unit === "days") return days;
  if (unit === "minor" && currency) return (value) => money(value, currency, form);
  return count;
}

/** @param {Intl.DateTimeFormatOptions} options */
function dates(options) {
  const all = { timeZone: "UTC", ...options };
  return formatter(`date ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(LOCALE, all));
}

const DAY = /** @type {const} */ ({ day: "numeric", month: "short", year: "numeric" });

/** "2026-03-31" as the reader writes days. Calendar days have no zone: UTC on both sides.
 * @param {string} text */
export const day = (text) => dates(DAY).format(seconds(text) * 1000);

/** @param {string} text */
export const month = (text) => dates({ month: "long", year: "numeric" }).format(seconds(text.slice(0, 7) + "-01") * 1000);

/** Seconds since 1970 → "Dec 26". @param {number | null | undefined} stamp */
export const shortDay = (stamp) => (isNone(stamp) ? "" : dates({ day: "numeric", month: "short" }).format(stamp * 1000));

/** Two days as one text: "Dec 26 – 31, 2026". @param {string} from @param {string} to */
export const span = (from, to) => dates(DAY).formatRange(seconds(from) * 1000, seconds(to) * 1000);

/** A period of a series, as a chart and its table name it. @param {{from: string, to: string, whole: boolean}} period */
export const period = ({ from, to, whole }) => (whole ? span(from, to) : `${span(from, to)} (part)`);

/** "in March 2026" of a whole month, else "from Dec 26, 2026 to Dec 31, 2026". @param {string} from @param {string} to */
export function when(from, to) {
  const isMonth = from.endsWith("-01") && shift(to, 1) === monthAfter(from);
  if (isMonth) return `in ${month(from)}`;
  return from === to ? `on ${day(from)}` : `from ${day(from)} to ${day(to)}`;
}

/** @param {number | string | Date} instant */
export function time(instant) {
  const options = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return formatter("time", () => new Intl.DateTimeFormat(LOCALE, options)).format(new Date(instant));
}

/** @param {string} text an instant */
export function instant(text) {
  const options = /** @type {const} */ ({ dateStyle: "medium", timeStyle: "short" });
  return formatter("instant", () => new Intl.DateTimeFormat(LOCALE, options)).format(new Date(text));
}

/** How long, in words: 42 → "42 s". @param {number | null | undefined} value seconds */
export function duration(value) {
  if (isNone(value)) return NONE;
  if (value < 90) return `${number(value)} s`;
  if (value < 5_400) return `${number(value / 60)} min`;
  if (value < 129_600) return `${number(value / 3_600, value < 36_000 ? 1 : 0)} h`;
  return `${number(value / 86_400, 1)} d`;
}

/** A calendar day as seconds since 1970, at 00:00 UTC. @param {string} text */
export const seconds = (text) => Date.parse(`${text}T00:00:00Z`) / 1000;

/** The calendar day so many days later. @param {string} text @param {number} by */
export const shift = (text, by) => new Date((seconds(text) + by * 86_400) * 1000).toISOString().slice(0, 10);

/** Days in the window, both ends included. @param {string} from @param {string} to */
export const length = (from, to) => Math.round((seconds(to) - seconds(from)) / 86_400) + 1;

/** The first day of the month so many months later. @param {string} text @param {number} [by] */
export function monthAfter(text, by = 1) {
  const [year, number] = text.split("-").map(Number);
  return new Date(Date.UTC(year ?? 2000, (number ?? 1) - 1 + by, 1)).toISOString().slice(0, 10);
}
