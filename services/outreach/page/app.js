// The page: a question by form or JSON, the governor's answer, the next 14 days.

import { ask, books, Gone, Refused, SignInNeeded, signIn, signOut } from "./api.js";
import { Form } from "./form.js";
import { draw } from "./strip.js";

const $ = (id) => document.getElementById(id);
const form = new Form($("as-form"));
const VERDICTS = {
  allow: "Allowed",
  defer: "Not now",
  block: "Blocked",
  require_approval: "Needs approval",
};
const CLEAR = "does not apply here: "; // how a bar that is not up begins its reason
let stretches = [];
let asJson = false;

function node(name, classes, text) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The next whole hour, so that the example is about now. */
function soon() {
  const at = new Date();
  at.setUTCMinutes(0, 0, 0);
  at.setUTCHours(at.getUTCHours() + 1);
  return at.toISOString().replace(".000", "");
}

function example() {
  return {
    at: soon(),
    party: "third",
    debtor: {
      kind: "consumer", language: "en", deceased: false, vulnerable: false, military: false,
      addresses: [{ country: "US", region: "CA", city: "Los Angeles", postal_code: "90001" }],
      phones: [{ number: "+12125550123", type: "mobile", use: "home", consent: "express" }],
      emails: [], bankruptcy_filed_at: null, breathing_space_from: null, attorney: null,
      cease_requested_at: null, refused_channels: [], inconvenient: [], consents: [], opt_outs: [],
    },
    debts: [{
      id: "A", purpose: "consumer", product: "credit_card", days_past_due: 45, amount_minor: 45000,
      currency: "USD", disputed: false, default_on: null, validation_notice_sent_on: null,
    }],
    contact: {
      channel: "voice", to: "+12125550123", about: ["A"], purpose: "collect", mode: "live",
      initiated_by: "collector", content: { threatens_suit: false },
    },
    history: [],
  };
}

// ------------------------------------------------------------------ the question

function toJson() {
  return asJson ? $("json").value : JSON.stringify(form.question(), null, 2);
}

function turn(json) {
  if (json === asJson) return;
  if (json) {
    $("json").value = toJson();
  } else {
    try {
      form.show(JSON.parse($("json").value));
    } catch (error) {
      tell(`This is not JSON: ${error.message}`);
      return;
    }
  }
  asJson = json;
  tell("");
  $("as-form").hidden = json;
  $("as-json").hidden = !json;
  $("tab-form").setAttribute("aria-selected", String(!json));
  $("tab-json").setAttribute("aria-selected", String(json));
}

function tell(words) {
  $("banner").textContent = words;
  $("banner").hidden = !words;
}

async function put() {
  document.body.dataset.state = "asking";
  tell("");
  try {
    const answer = await ask(toJson());
    show(answer);
    document.body.dataset.state = "ready";
    return true;
  } catch (error) {
    document.body.dataset.state = "ready";
    if (error instanceof Refused) {
      refuse(error.problem);
      return true;
    }
    if (error instanceof SignInNeeded) showSignIn();
    else if (error instanceof Gone) tell("Outreach does not answer. The question is still here.");
    else throw error;
  }
  return false;
}

/** Put the question, and bring the answer into view where it stands below the form. */
async function putAndSee() {
  if (!(await put())) return;
  const below = $("verdict").getBoundingClientRect().top > window.innerHeight / 2;
  if (below) $("verdict").scrollIntoView({ block: "start" });
}

// ------------------------------------------------------------------ the answer

function refuse(problem) {
  const card = node("div", "card refused");
  card.append(node("h2", "", "The question cannot be answered"), node("p", "", problem.detail));
  const list = node("ul", "problems");
  for (const each of problem.errors ?? []) {
    const item = node("li");
    item.append(node("code", "", each.pointer || "/"), ` ${each.detail}`);
    list.append(item);
  }
  card.append(list);
  $("answer").replaceChildren(card);
  $("rules").replaceChildren();
  $("strip-card").hidden = true;
}

function show({ answer, stretches: found, zones }) {
  stretches = found;
  const zone = pickZone(answer, zones);
  $("zone").value = zone;
  const card = node("div", `card verdict ${answer.verdict}`);
  card.append(node("p", "word", VERDICTS[answer.verdict]));
  if (answer.until) card.append(node("p", "until", `until ${local(answer.until, zone)}`));
  if (answer.role) card.append(node("p", "until", `by ${answer.role}`));
  if (answer.unverified) {
    card.append(node("p", "unverified",
      "A rule that decided has not been checked against its source yet."));
  }
  card.append(node("p", "soft", `Rule books ${answer.rulebook_version} · `
    + `time zones ${answer.tzdata_version} · ${answer.notice}`));
  $("answer").replaceChildren(card);
  $("rules").replaceChildren(...sections(answer, zone));
  $("strip-card").hidden = false;
  redraw();
}

function sections(answer, zone) {
  const found = [];
  if (answer.decided_by.length) found.push(deciders(answer.decided_by, zone));
  if (answer.disclosures.length) {
    const card = node("div", "card");
    card.append(node("h2", "", "What must be said"));
    const list = node("ul", "said");
    for (const each of answer.disclosures) {
      const item = node("li");
      item.append(node("strong", "", each.text_id), node("code", "", each.rule));
      list.append(item);
    }
    card.append(list);
    found.push(card);
  }
  if (answer.also.length) found.push(ruleList("What else would have a say", answer.also, zone));
  if (answer.record.length) {
    const card = node("div", "card");
    card.append(node("h2", "", "Evidence to keep"));
    card.append(node("pre", "", JSON.stringify(answer.record, null, 2)));
    found.push(card);
  }
  return found;
}

/** Those that say something of their own first; bars that are not up are folded away. */
function deciders(rules, zone) {
  const clear = rules.filter((each) => each.because.startsWith(CLEAR));
  const speaking = rules.filter((each) => !clear.includes(each));
  const card = ruleList("What decided", speaking, zone);
  if (clear.length) {
    const more = node("details");
    more.append(node("summary", "", clear.length === 1
      ? "1 bar was asked too and does not apply"
      : `${clear.length} bars were asked too and do not apply`), listOf(clear, zone));
    card.append(more);
  }
  return card;
}

function ruleList(title, rules, zone) {
  const card = node("div", "card");
  card.append(node("h2", "", title), listOf(rules, zone));
  return card;
}

function listOf(rules, zone) {
  const list = node("ul", "rules");
  for (const each of rules) {
    const item = node("li", each.effect);
    const head = node("p", "head");
    head.append(node("code", "", each.rule), node("span", `chip ${each.effect}`,
      VERDICTS[each.effect].toLowerCase()));
    if (each.until) head.append(node("span", "soft", `until ${local(each.until, zone)}`));
    if (each.role) head.append(node("span", "soft", `by ${each.role}`));
    item.append(head, node("p", "because", each.because));
    if (each.citation) item.append(node("p", "citation", each.citation));
    list.append(item);
  }
  return list;
}

function local(instant, zone) {
  return `${new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  }).format(new Date(instant))}`;
}

function isZone(name) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/** The debtor's clock: the zone they are said to be in, else one that a rule speaks of, else one
 * that they may be in; ours, where they may be anywhere. */
function pickZone(answer, zones) {
  let asked = {};
  try {
    asked = JSON.parse(toJson());
  } catch {
    return "UTC";
  }
  const spoken = [...answer.decided_by, ...answer.also]
    .flatMap((each) => each.because.match(/\b[A-Z][A-Za-z]+\/[A-Za-z_/+-]+\w/g) ?? []);
  const likely = zones.filter((name) => name !== "UTC"); // alone: nothing points to any place
  const found = [asked.debtor?.timezone, ...spoken, ...likely].find((name) => name && isZone(name));
  return found ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

function redraw() {
  const zone = $("zone").value.trim();
  if (isZone(zone)) draw($("strip"), stretches, zone);
}

// ------------------------------------------------------------------ signing in, starting

const linkEnded = location.hash === "#link=ended" ? "That link was used, or it is too old." : "";

function showSignIn() {
  document.body.dataset.state = "signin";
  $("signin-error").textContent = linkEnded;
  $("signin").hidden = false;
  $("main").hidden = true;
  $("token").focus();
}

$("signin-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("signin-error").textContent = "";
  try {
    await signIn($("token").value);
    $("signin").hidden = true;
    $("main").hidden = false;
    await start();
  } catch (error) {
    if (!(error instanceof SignInNeeded || error instanceof Gone)) throw error;
    $("signin-error").textContent = error instanceof Gone
      ? "Outreach does not answer." : "This token cannot be used here.";
  }
});

function offerPacks(found) {
  if (!found.length) return;
  $("packs").replaceChildren(...found.map((book) => {
    const label = node("label", "tick");
    const box = node("input");
    box.type = "checkbox";
    box.dataset.pack = book.name;
    box.dataset.class = book.class;
    box.checked = book.class === "law";
    box.disabled = book.version === null && !book.shipped; // uploaded, never activated
    label.append(box, node("span", "", `${book.title} (${book.class})`));
    return label;
  }));
}

async function start() {
  offerPacks(await books());
  form.show(example());
  await put();
}

$("signout").addEventListener("click", async () => {
  try {
    await signOut();
  } catch (error) {
    if (!(error instanceof SignInNeeded || error instanceof Gone)) throw error;
  }
  location.reload();
});
$("tab-form").addEventListener("click", () => turn(false));
$("tab-json").addEventListener("click", () => turn(true));
$("ask").addEventListener("click", putAndSee);
$("example").addEventListener("click", () => {
  form.show(example());
  if (asJson) $("json").value = JSON.stringify(example(), null, 2);
});
$("as-form").addEventListener("submit", (event) => {
  event.preventDefault();
  putAndSee();
});
$("zone").addEventListener("change", redraw);
$("zones").append(...Intl.supportedValuesOf("timeZone").map((name) => new Option(name, name)));

start().catch((error) => {
  document.body.dataset.state = "ready";
  if (error instanceof SignInNeeded) showSignIn();
  else if (error instanceof Gone) tell("Outreach does not answer.");
  else throw error;
});
