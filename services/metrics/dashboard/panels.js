// What is shown without a chart: the key figures, balances by age, the segments.

import { rows } from "./charts.js";
import * as format from "./format.js";

const $ = (id) => document.getElementById(id);
const BUCKETS = ["current", "1-30", "31-60", "61-90", "91-120", "121+"];

const TILES = [
  { key: "recovery", before: "recoveryBefore", title: "Recovery rate", show: (value) => format.share(value), better: 1 },
  {
    key: "dso",
    before: "dsoBefore",
    title: "DSO (90 days)",
    show: format.days,
    better: -1,
    note: ({ bestDso }) => `best possible ${format.days(bestDso?.value)}`,
  },
  { key: "late", before: "lateBefore", title: "Average days late", show: format.days, better: -1 },
  {
    key: "cei",
    before: "ceiBefore",
    title: "Effectiveness (CEI)",
    // Below 0 more was taken back than collected: no share of anything.
    show: (value) => format.share(value < 0 ? null : value),
    better: 1,
  },
  { key: "received", title: "Received", show: (v, c) => format.money(v, c, "fitting"), note: receivedNote },
  { key: "contacts", title: "Contacts sent", show: format.count, note: suppressedNote },
];

function receivedNote({ invoiced }, currency) {
  return `invoiced ${format.money(invoiced?.value, currency)}`;
}

function suppressedNote({ suppressed }) {
  const count = suppressed?.numerator ?? 0;
  if (!count) return "none kept back";
  return `${format.count(count)} kept back (${format.share(suppressed?.value)})`;
}

function tile({ key, before, title, show, better, note }, { figures, currency }) {
  const value = figures[key]?.value ?? null;
  const made = document.createElement("li");
  made.className = "tile";
  made.dataset.kpi = key;
  const head = document.createElement("h3");
  head.textContent = title;
  const figure = document.createElement("p");
  figure.className = "value";
  figure.textContent = show(value, currency);
  const line = document.createElement("p");
  line.className = "note";
  if (note) line.textContent = note(figures, currency);
  else line.append(...change(value, figures[before]?.value ?? null, show, better));
  line.title = line.textContent;
  made.append(head, figure, line);
  return made;
}

/** "▲ 2.1 d than the period before", coloured by whether that is good. */
function change(value, before, show, better) {
  if (value === null || before === null) return ["no earlier period"];
  const difference = value - before;
  const far = show(0).endsWith("%") ? format.points : show;
  const text = far(Math.abs(difference));
  if (text === far(0)) return ["as in the period before"];
  const mark = document.createElement("b");
  mark.className = difference * better > 0 ? "better" : "worse";
  mark.textContent = `${difference > 0 ? "▲" : "▼"} ${text}`;
  return [mark, " vs before"];
}

/** The key figures as list items. */
export function tiles(collected) {
  return TILES.map((one) => tile(one, collected));
}

function none(place) {
  const text = document.createElement("p");
  text.className = "none";
  text.textContent = "No figures in this period";
  place.replaceChildren(text);
}

export function aging({ figures, currency, window }) {
  const groups = new Map((figures.aging?.groups ?? []).map((g) => [g.key.bucket, g.value ?? 0]));
  const total = [...groups.values()].reduce((sum, value) => sum + value, 0);
  $("aging-note").textContent = `Days past due, at the end of ${format.day(window.to)}`;
  if (!groups.size) return none($("aging"));
  const list = document.createElement("dl");
  const most = Math.max(1, ...groups.values());
  BUCKETS.forEach((bucket, at) => {
    const value = groups.get(bucket) ?? 0;
    const pair = document.createElement("div");
    const term = document.createElement("dt");
    const name = document.createElement("span");
    name.textContent = bucket === "current" ? "Not yet due" : `${bucket.replace("-", "–")} days`;
    const amount = document.createElement("b");
    amount.textContent = format.money(value, currency);
    term.append(name, amount);
    const bar = document.createElement("dd");
    const fill = document.createElement("i");
    fill.style.width = `${(100 * Math.max(0, value)) / most}%`;
    fill.style.background = `var(--age-${at})`;
    bar.append(fill);
    const part = document.createElement("span");
    part.className = "sr";
    part.textContent = `${format.share(total ? value / total : null)} of all`;
    bar.append(part);
    pair.append(term, bar);
    list.append(pair);
  });
  const sum = document.createElement("p");
  sum.className = "sum";
  for (const text of ["Open in all", format.money(total, currency)]) {
    const piece = document.createElement("span");
    piece.textContent = text;
    sum.append(piece);
  }
  $("aging").replaceChildren(list, sum);
}

export function segments({ figures, currency }) {
  const columns = ["recoveryBy", "lateBy", "agingBy", "contactsBy"].map(
    (key) => new Map((figures[key]?.groups ?? []).map((g) => [g.key.segment ?? "none yet", g.value])),
  );
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  if (!names.length) return none($("segments"));
  const open = columns[2];
  names.sort((a, b) => (open.get(b) ?? 0) - (open.get(a) ?? 0) || a.localeCompare(b));
  const [recovery, late, , contacts] = columns;
  $("segments").replaceChildren(
    rows(
      ["Segment", "Open", "Recovery", "Days late", "Contacts"],
      names.map((name) => [
        name,
        format.money(open.get(name), currency, "short"),
        format.share(recovery.get(name)),
        format.days(late.get(name)),
        format.count(contacts.get(name)),
      ]),
    ),
  );
}
