// Fourteen days as a strip: a row a day, 24 hours across, on the clock of one zone.

const SVG = "http://www.w3.org/2000/svg";
const HOUR_MS = 3_600_000;
const WORDS = {
  allow: "allowed",
  defer: "deferred",
  block: "blocked",
  require_approval: "needs approval",
};
const WIDTH = 720;
const LABEL = 92;
const ROW = 18;
const HEAD = 20;

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** The wall clock of an instant in a zone: its day, and how far into it (in hours). */
function wall(formatter, instant) {
  const parts = Object.fromEntries(
    formatter.formatToParts(instant).map((part) => [part.type, part.value]),
  );
  const hours = Number(parts.hour) + Number(parts.minute) / 60 + Number(parts.second) / 3600;
  return { day: `${parts.year}-${parts.month}-${parts.day}`, hours, weekday: parts.weekday };
}

/** The instants at which a stretch's local day changes, so that every piece lies in one day. */
function* pieces(formatter, from, to) {
  let at = from;
  while (at < to) {
    const day = wall(formatter, at).day;
    let end = Math.min(to, at + 26 * HOUR_MS);
    if (wall(formatter, end - 1).day !== day) {
      let low = at;
      while (end - low > 1000) {
        const middle = Math.floor((low + end) / 2);
        if (wall(formatter, middle).day === day) low = middle;
        else end = middle;
      }
    }
    yield [at, end];
    at = end;
  }
}

/** Draw the stretches into `place`; `zone` is an IANA name. */
export function draw(place, stretches, zone) {
  const formatter = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit", weekday: "short",
  });
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit",
    minute: "2-digit",
  });
  const days = [];
  const bars = [];
  for (const stretch of stretches) {
    for (const [from, to] of pieces(formatter, Date.parse(stretch.from), Date.parse(stretch.to))) {
      const begin = wall(formatter, from);
      if (days.at(-1)?.day !== begin.day) days.push(begin);
      const end = wall(formatter, to);
      bars.push({
        row: days.length - 1,
        from: begin.hours,
        to: end.day === begin.day ? end.hours : 24,
        stretch,
        words: `${clock.format(from)} – ${clock.format(to)}: ${WORDS[stretch.verdict]}`
          + (stretch.rules?.length ? ` (${stretch.rules.join(", ")})` : ""),
      });
    }
  }
  const height = HEAD + days.length * ROW;
  const x = (hours) => LABEL + (hours / 24) * (WIDTH - LABEL);
  const svg = element("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`, role: "img",
    "aria-label": `When the contact is allowed, day by day, on the clock of ${zone}`,
  });
  for (let hour = 0; hour <= 24; hour += 1) {
    svg.append(element("line", {
      class: hour % 6 === 0 ? "grid strong" : "grid", x1: x(hour), x2: x(hour), y1: HEAD - 4, y2: height,
    }));
    if (hour % 3 === 0) {
      svg.append(element("text", {
        class: "tick", x: x(hour), y: 11, "text-anchor": hour === 24 ? "end" : "middle",
      }, String(hour).padStart(2, "0")));
    }
  }
  for (const [row, each] of days.entries()) {
    svg.append(element("text", { class: "day", x: 0, y: HEAD + row * ROW + 13 },
      `${each.weekday} ${each.day.slice(5)}`));
  }
  for (const bar of bars) {
    const width = Math.max(x(bar.to) - x(bar.from), 0.75);
    const shape = element("rect", {
      class: bar.stretch.verdict, x: x(bar.from), width, y: HEAD + bar.row * ROW + 2, height: ROW - 4,
    });
    shape.append(element("title", {}, bar.words));
    svg.append(shape);
  }
  place.replaceChildren(svg);
}
