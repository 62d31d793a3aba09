// The form and the question behind it: every field is bound to a path in the JSON.
//
// An empty field is absent from the question: "not known". A dash says that there is known to be
// none.

const FLAGS = [["", "not known"], ["no", "no"], ["yes", "yes"]];
const DASH = "-";

/** Read a path like `debts.0.id`. */
function read(object, path) {
  return path.split(".").reduce((at, name) => (at == null ? undefined : at[name]), object);
}

/** Write a path; `undefined` takes the member away, and what is left empty around it. */
function write(object, path, value) {
  const names = path.split(".");
  const trail = [object];
  for (const [place, name] of names.slice(0, -1).entries()) {
    const at = trail[place];
    if (at[name] == null) {
      if (value === undefined) return;
      at[name] = /^\d+$/.test(names[place + 1]) ? [] : {};
    }
    trail.push(at[name]);
  }
  const last = names.at(-1);
  if (value !== undefined) {
    trail.at(-1)[last] = value;
    return;
  }
  delete trail.at(-1)[last];
  for (let place = names.length - 2; place >= 0; place -= 1) {
    const inner = trail[place + 1];
    if (Object.keys(inner).length > 0) return;
    if (Array.isArray(trail[place])) trail[place].length = 0;
    else delete trail[place][names[place]];
  }
}

/** A phone without its number is no phone: its other fields go with it. */
function dropNameless(object, list, name) {
  if (!object?.[list]?.length) return;
  object[list] = object[list].filter((each) => each[name]);
  if (!object[list].length) delete object[list];
}

const day = (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : null);
const instant = (text) => (day(text) ? `${text}T00:00:00Z` : text);

// How a field's text stands in the question, and the other way round.
const KINDS = {
  text: { out: (text) => text.trim(), shown: (value) => value ?? "" },
  number: { out: (text) => Number(text), shown: (value) => value ?? "" },
  instant: {
    out: (text) => `${text.length === 16 ? `${text}:00` : text}Z`,
    shown: (value) => (value ? new Date(value).toISOString().slice(0, 16) : ""),
  },
  flag: {
    out: (text) => text === "yes",
    shown: (value) => (value === undefined ? "" : value ? "yes" : "no"),
  },
  words: {
    out: (text) => (text.trim() === DASH ? [] : text.split(/[\s,]+/).filter(Boolean)),
    shown: (value) => (value === undefined ? "" : value?.length ? value.join(", ") : DASH),
  },
  since: {
    out: (text) => (text.trim() === DASH ? null : instant(text.trim())),
    shown: (value) => (value === undefined ? "" : value ?? DASH),
  },
  day: {
    out: (text) => (text.trim() === DASH ? null : text.trim()),
    shown: (value) => (value === undefined ? "" : value ?? DASH),
  },
  attorney: {
    out: (text) => (text.trim() === DASH ? null : { since: instant(text.trim()) }),
    shown: (value) => (value === undefined ? "" : value?.since ?? DASH),
  },
};

const PAST = {
  channel: ["voice", "voicemail", "sms", "email", "letter", "social_dm", "in_person"],
  outcome: ["no_answer", "busy", "not_in_service", "voicemail_no_message",
    "voicemail_limited_content", "voicemail_full", "answered_dropped", "conversation", "sent",
    "delivered", "bounced"],
};

/** The form over a question; `question()` gives it as an object. */
export class Form {
  constructor(root) {
    this.root = root;
    this.base = {};
    this.history = root.querySelector("#history");
    this.none = root.querySelector("#history-none");
    for (const select of root.querySelectorAll('select[data-as="flag"]')) {
      select.replaceChildren(...FLAGS.map(([value, words]) => new Option(words, value)));
    }
    root.querySelector("#add-past").addEventListener("click", () => this.addPast());
  }

  fields() {
    return this.root.querySelectorAll("[data-path]");
  }

  show(question) {
    this.base = structuredClone(question);
    for (const field of this.fields()) {
      const kind = KINDS[field.dataset.as ?? "text"];
      field.value = kind.shown(read(question, field.dataset.path));
    }
    this.history.replaceChildren();
    for (const past of question.history ?? []) this.addPast(past);
    this.none.checked = Array.isArray(question.history) && question.history.length === 0;
    const packs = question.packs ?? null;
    for (const box of this.root.querySelectorAll("[data-pack]")) {
      box.checked = packs ? packs.includes(box.dataset.pack) : box.dataset.class === "law";
    }
  }

  question() {
    const question = structuredClone(this.base);
    for (const field of this.fields()) {
      const text = field.value;
      const kind = KINDS[field.dataset.as ?? "text"];
      const before = kind.shown(read(this.base, field.dataset.path));
      if (text === String(before)) continue; // untouched: it may say more than the field shows
      write(question, field.dataset.path, text.trim() === "" ? undefined : kind.out(text));
    }
    dropNameless(question.debtor, "phones", "number");
    dropNameless(question.debtor, "emails", "address");
    const past = [...this.history.children].map((row) => this.past(row));
    if (past.length) question.history = past;
    else if (this.none.checked) question.history = [];
    else delete question.history;
    const boxes = [...this.root.querySelectorAll("[data-pack]")];
    if (boxes.every((box) => box.checked === (box.dataset.class === "law"))) delete question.packs;
    else question.packs = boxes.filter((box) => box.checked).map((box) => box.dataset.pack);
    return question;
  }

  addPast(past = { channel: "voice", outcome: "no_answer", initiated_by: "collector" }) {
    const row = document.createElement("li");
    row.past = past;
    const at = document.createElement("input");
    at.type = "datetime-local";
    at.name = "at";
    at.setAttribute("aria-label", "When (UTC)");
    at.value = KINDS.instant.shown(past.at);
    const picks = Object.entries(PAST).map(([name, words]) => {
      const select = document.createElement("select");
      select.name = name;
      select.setAttribute("aria-label", name);
      select.append(...words.map((word) => new Option(word, word)));
      select.value = past[name] ?? words[0];
      return select;
    });
    const drop = document.createElement("button");
    drop.type = "button";
    drop.textContent = "Remove";
    drop.addEventListener("click", () => row.remove());
    row.append(at, ...picks, drop);
    this.history.append(row);
    this.none.checked = false;
  }

  past(row) {
    const given = (name) => row.querySelector(`[name="${name}"]`).value;
    return {
      ...row.past,
      at: given("at") ? KINDS.instant.out(given("at")) : undefined,
      channel: given("channel"),
      outcome: given("outcome"),
    };
  }
}
