"use strict";
// Asks the simulator after each change, and shows what it answers.

const byId = (id) => document.getElementById(id);
const KINDS = { python: "Python", rust: "Rust", toml: "rebackoff.toml", environment: "Environment", command: "Command line", scenario: "Scenario", figures: "Figures" };
const OUTAGE_BEGIN = 20;
// A simulation that takes longer gives way to the next change.
const LONG = 2000;
let [worker, module, answer, kind, begun, next, summary, saved] = [];

async function start() {
  makeForm(byId("form"), changed);
  fromAddress(location.hash.slice(1));
  addEventListener("hashchange", () => {
    if (location.hash.slice(1) === toAddress()) return;
    fromAddress(location.hash.slice(1));
    changed();
  });
  addEventListener("resize", draw);
  for (const [name, label] of Object.entries(KINDS)) {
    const radio = element("input", { type: "radio", name: "kind", value: name });
    radio.checked = name === "python";
    radio.addEventListener("change", showText);
    byId("kinds").append(element("label", {}, radio, ` ${label}`));
  }
  byId("copy").addEventListener("click", copy);
  const packed = Uint8Array.from(atob(byId("module").textContent), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  module = await WebAssembly.compile(await new Response(unpacked).arrayBuffer());
  startWorker();
  changed();
}

function startWorker() {
  worker?.terminate();
  const source = new Blob([byId("worker").textContent], { type: "text/javascript" });
  worker = new Worker(URL.createObjectURL(source));
  worker.postMessage({ module });
  worker.onmessage = ({ data }) => {
    begun = undefined;
    show(JSON.parse(data.output), data.milliseconds);
    if (next) ask(next);
  };
}

function changed() {
  const input = JSON.stringify(read());
  // Browsers refuse an address that changes as fast as a slider.
  clearTimeout(saved);
  saved = setTimeout(save, 200);
  if (module) ask(input);
}

function save() {
  const address = toAddress();
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
}

/** One question at a time; of those that come meanwhile, the last. */
function ask(input) {
  next = input;
  if (begun !== undefined) {
    if (performance.now() - begun < LONG) return;
    startWorker();
  }
  next = undefined;
  begun = performance.now();
  document.body.setAttribute("aria-busy", "true");
  worker.postMessage({ input });
}

function show(shown, milliseconds) {
  const { error } = shown;
  byId("error").textContent = error ?? "";
  mark(error ?? "");
  document.querySelector(".results").classList.toggle("stale", Boolean(error));
  document.body.setAttribute("aria-busy", "false");
  document.body.dataset.milliseconds = milliseconds;
  document.body.dataset.answers = Number(document.body.dataset.answers ?? 0) + 1;
  if (error) return;
  answer = { ...shown, milliseconds };
  draw();
  showText();
}

function draw() {
  if (!answer) return;
  showService(answer.report.cases[0], answer.milliseconds);
  showPlan(answer.plan);
}

/** Figures as cards: a name, the text, and the value to the last digit. */
function cards(list, figures) {
  const card = ([name, label, value, format]) => {
    const text = value === undefined || value === null ? "none" : format(value);
    const description = element("dd", { "data-figure": name, "data-value": value ?? "", title: value ?? "" }, text);
    return element("div", {}, element("dt", {}, label), description);
  };
  list.replaceChildren(...figures.map(card));
}

function showService({ figures, series }, milliseconds) {
  const mean = (name) => figures[name]?.mean;
  const lasts = seconds(byId("field-outage").value);
  const shade = lasts > 0 ? [OUTAGE_BEGIN, OUTAGE_BEGIN + lasts] : undefined;
  const span = series.bin * series.time.length;
  const load = [["calls", series.offered], ["tries", series.tries], ["successes", series.goodput]];
  lines(byId("load"), "Calls per second", load, span, shade);
  lines(byId("queue"), "Jobs in the queue", [["queue", series.queue]], span, shade, SIZE.low);
  const recovery = mean("never_recovered") > 0 ? undefined : mean("recovery");
  cards(byId("service-figures"), [
    ["success_rate", "Calls that succeed", mean("success_rate"), percent],
    ["amplification", "Tries per call", mean("amplification"), short],
    ["goodput", "Successes a second", mean("goodput"), short],
    ["latency_p99", "Latency, 99 %", mean("latency_p99"), duration],
    ["peak_rate", "Peak tries a second", mean("peak_rate"), short],
    ["recovery", "Recovery", recovery, duration],
    ["budget_refused", "Refused by the budget", mean("budget_refused"), short],
    ["breaker_rejected", "Rejected by the breaker", mean("breaker_rejected"), short],
  ]);
  const recovered = shade ? `; ${end(mean("never_recovered"), recovery)}` : "";
  const sentence = `${percent(mean("success_rate") ?? 0)} of the calls succeed, with ${short(mean("amplification") ?? 0)} tries per call${recovered}.`;
  // A screen reader hears the state after a change, and not each step of it.
  clearTimeout(summary);
  summary = setTimeout(() => (byId("summary").textContent = `${sentence} Simulated in ${short(milliseconds)} ms.`), 400);
}

/** The end of an outage in words. */
function end(never, recovery) {
  if (never > 0) return "it does not recover";
  return typeof recovery === "number" ? `recovers ${duration(recovery)} after the outage` : "the outage does not end";
}

function showPlan(plan) {
  byId("words").textContent = plan.policy;
  cards(byId("plan-figures"), [
    ["requests_per_call", "Tries per call, all failing", plan.requests_per_call, short],
    ["worst_case", "All waits, at most", plan.worst_case, duration],
    ["peak_second", "Peak retries in a second", plan.peak_second?.retries, short],
    ["success_after_outage", "Outlast the outage", plan.recovery?.success, percent],
    ["recovered_p95", "95 % recovered after", plan.recovery?.p95, duration],
  ]);
  const { counts, width, later } = plan.chart;
  const label = `Retries in each ${duration(width)}, up to ${Math.max(...counts, 0)}${later ? `; ${later} later` : ""}`;
  bars(byId("retries"), label, counts, width);
  const longest = Math.max(...plan.tries.map((row) => row.longest_wait ?? 0));
  const row = (shown) => {
    const [from, to] = [shown.shortest_wait, shown.longest_wait];
    const wait = to === null ? "" : from < to ? `${duration(from)} to ${duration(to)}` : duration(to);
    const cell = (content) => element("td", {}, content);
    const picture = to === null ? "" : range(from ?? to, to, longest);
    return element("tr", {}, cell(String(shown.number)), cell(wait), cell(picture), cell(duration(shown.p50)), cell(percent(shown.share)));
  };
  byId("tries").replaceChildren(...plan.tries.map(row));
}

function showText() {
  kind = document.querySelector("input[name=kind]:checked").value;
  byId("copied").textContent = "";
  const { texts, scenario, plan } = answer;
  byId("text").textContent = { ...texts, scenario, figures: JSON.stringify(plan, null, 2) }[kind];
}

async function copy() {
  try {
    await navigator.clipboard.writeText(byId("text").textContent);
    byId("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(byId("text"));
    byId("copied").textContent = "Selected: copy it with the keyboard.";
  }
}

start().catch((error) => (byId("error").textContent = `This browser cannot run the playground: ${error.message}`));
