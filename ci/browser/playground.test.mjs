// The playground of the guide, beside the command line.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, afterEach, before, test } from "node:test";
import { PHONE, PLAYGROUND, launch, open, overflow, rebackoff, screenshot } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
after(() => browser.close());

async function playground(fields = "", options = {}) {
  const page = await open(browser, `file://${PLAYGROUND}#${fields}`, options);
  await answered(page, 0);
  return page;
}

/** Waits for an answer after so many, when no other is to come. */
async function answered(page, after) {
  await page.waitForFunction((after) => document.body.dataset.answers > after && document.body.getAttribute("aria-busy") === "false", after);
}

/** Changes the page, and waits for the answer. */
async function change(page, action) {
  const before = await page.evaluate(() => Number(document.body.dataset.answers));
  await action();
  await answered(page, before);
}

const field = (page, name) => page.locator(`#field-${name}`);

async function text(page, kind) {
  await page.getByRole("radio", { name: kind }).check();
  return page.locator("#text").textContent();
}

const words = (line) => line.trim().split(" ").slice(1);
const PLAN = ["--format", "json", "--clients", "1000", "--seed", "0", "--outage", "20s"];

function planned(args, options) {
  const { warnings, ...figures } = JSON.parse(rebackoff([...args, ...PLAN], options));
  return figures;
}

const FORMS = {
  defaults: "",
  fibo: "wait=fibo&jitter=equal&max_tries=8&timeout=none",
  list: "wait=constant&interval=1s%2C5s%2C0.25s&max_tries=none",
  linear: "wait=linear&start=0.1s&step=300ms&jitter=random&max_time=45s&last_wait=stop",
  decay: "wait=decay&decay_factor=0.7&jitter=none",
  decorrelated: "wait=decorrelated&shortest=100ms&max_value=7.3s&max_tries=9",
};

test("figures and texts are those of the command line, to the last digit", async () => {
  const page = await playground();
  for (const [name, fields] of Object.entries(FORMS)) {
    await change(page, () => page.evaluate((fields) => (location.hash = fields), fields + "&seed=0"));
    const figures = JSON.parse(await text(page, "Figures"));
    const [plan] = (await text(page, "Command line")).split("\n");
    assert.deepEqual(figures, planned(words(plan)), name);

    const cwd = mkdtempSync(`${tmpdir()}/playground-`);
    writeFileSync(`${cwd}/rebackoff.toml`, await text(page, "rebackoff.toml"));
    assert.deepEqual(planned(["plan", "--profile", "fetch"], { cwd }), figures, name);

    const lines = (await text(page, "Environment")).trim().split("\n");
    const env = Object.fromEntries(lines.map((line) => line.replace("export ", "").split("=")));
    assert.deepEqual(planned(["plan"], { env }), figures, name);
  }
  assert.deepEqual(page.faults, []);
});

test("a slider changes the figures as the command line does", async () => {
  const page = await playground();
  await page.locator("#field-max_tries-slider").focus();
  await change(page, () => page.keyboard.press("ArrowRight"));
  const tries = await field(page, "max_tries").inputValue();
  assert.notEqual(tries, "5");
  const expected = planned(["plan", "--timeout", "2s", "--max-tries", tries]);
  const shown = page.locator("[data-figure=requests_per_call]");
  assert.equal(Number(await shown.getAttribute("data-value")), expected.requests_per_call);
  assert.deepEqual(page.faults, []);
});

test("the service is that of rebackoff simulate, to the last digit", async () => {
  const page = await playground("budget=share&breaker=failure_rate&fault=errors&rate=95");
  const scenario = await text(page, "Scenario");
  const report = JSON.parse(rebackoff(["simulate", "-", "--format", "json", "--threads", "2"], { input: scenario }));
  const { figures } = report.cases[0];
  const shown = await page.locator("#service-figures dd").evaluateAll((all) => all.map((each) => ({ ...each.dataset })));
  assert.ok(shown.length > 5);
  for (const { figure, value } of shown) {
    assert.equal(value, String(figures[figure]?.mean ?? ""), figure);
  }
  assert.deepEqual(page.faults, []);
});

test("a simulation of 1000 clients takes less than 100 ms", async (context) => {
  const page = await playground();
  const taken = [];
  for (const seed of ["1", "2", "3", "4", "5"]) {
    await change(page, () => field(page, "seed").fill(seed));
    taken.push(await page.evaluate(() => Number(document.body.dataset.milliseconds)));
  }
  const fastest = Math.min(...taken);
  context.diagnostic(`the fastest of ${taken.length} took ${fastest.toFixed(1)} ms`);
  // The machine may be busy.
  assert.ok(fastest < 100 * 20);
});

test("the address holds the policy", async () => {
  const page = await playground();
  await change(page, () => field(page, "wait").selectOption("fibo"));
  await change(page, () => field(page, "max_tries").fill("7"));
  await page.waitForURL(/wait=fibo&max_tries=7/);
  const address = page.url();
  const python = await text(page, "Python");
  const again = await playground(new URL(address).hash.slice(1));
  assert.equal(await field(again, "max_tries").inputValue(), "7");
  assert.equal(await text(again, "Python"), python);
  await change(again, () => again.evaluate(() => (location.hash = "max_tries=3")));
  assert.equal(await field(again, "max_tries").inputValue(), "3");
  assert.equal(await field(again, "wait").inputValue(), "expo");
});

test("a slider that is dragged writes the address when it rests, since browsers refuse hundreds of changes", async () => {
  const page = await playground();
  const written = await page.evaluate(async () => {
    let written = 0;
    history.replaceState = () => (written += 1);
    const slider = document.getElementById("field-factor-slider");
    for (let place = 0; place < 200; place += 1) {
      slider.value = place;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
    await new Promise((done) => setTimeout(done, 1000));
    return written;
  });
  assert.equal(written, 1);
});

test("an outage is shaded in each spelling of its duration", async () => {
  for (const outage of ["20", "20s", "20 seconds", "1min", "1 minute 5 sec", "20000000\u00b5s", "20000000000ns"]) {
    const page = await playground(`outage=${outage}`);
    assert.equal(await page.getByRole("alert").textContent(), "", outage);
    assert.ok((await page.locator("#load .shade").first().boundingBox()).width > 0, outage);
  }
});

test("the summary says how the outage ends", async () => {
  const ends = { "": "it does not recover", "budget=share": "recovers 0s after the outage", "outage=1h": "the outage does not end", "outage=0s": "tries per call. " };
  for (const [fields, end] of Object.entries(ends)) {
    const page = await playground(fields);
    await page.waitForFunction((end) => document.getElementById("summary").textContent.includes(end), end);
  }
});

test("without JavaScript, the page names the commands that show the figures", async () => {
  const page = await open(browser, `file://${PLAYGROUND}`, { javaScriptEnabled: false });
  assert.match(await page.locator("header").innerText(), /needs JavaScript.*rebackoff plan/);
});

test("a wrong value is named at its field, and the page goes on", async () => {
  const page = await playground();
  await change(page, () => field(page, "max_tries").fill("0"));
  assert.match(await page.getByRole("alert").textContent(), /must be at least 1, but it is "?0/);
  assert.equal(await field(page, "max_tries").getAttribute("aria-invalid"), "true");
  assert.equal(await field(page, "max_time").getAttribute("aria-invalid"), "false");
  await change(page, () => field(page, "max_tries").fill("4"));
  assert.equal(await page.getByRole("alert").textContent(), "");
  assert.deepEqual(page.faults, []);
});

test("a message marks the field that it names, and no other", async () => {
  const page = await playground("max_time=1m&max_value=10s&budget=per_second&breaker=failure_rate");
  for (const [name, value] of Object.entries({ failure_rate: "2", budget_rate: "x", max_time: "x", open_for: "100us", duration: "2m\u00e9", factor: "1h" })) {
    const before = await field(page, name).inputValue();
    await change(page, () => field(page, name).fill(value));
    const marked = await page.locator("[aria-invalid=true]").evaluateAll((all) => all.map((each) => each.id));
    assert.deepEqual(marked, [name === "factor" ? "field-max_value" : `field-${name}`], await page.getByRole("alert").textContent());
    await change(page, () => field(page, name).fill(before));
  }
});

test("the keyboard reaches every control, and each has a name", async () => {
  const page = await playground("budget=share&breaker=consecutive");
  const controls = page.locator("input:visible, select:visible, button:visible");
  const names = await controls.evaluateAll((all) => all.map((each) => each.ariaLabel ?? each.labels?.[0]?.textContent ?? each.textContent));
  assert.ok(names.every((name) => name.trim() !== ""), names.join(", "));
  const reached = new Set();
  for (let step = 0; step < names.length + 10; step += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.tagName));
  }
  const ids = await controls.evaluateAll((all) => all.map((each) => each.id || each.name));
  assert.deepEqual(ids.filter((id) => !reached.has(id)), []);
  const slider = page.getByRole("slider", { name: "Clients", exact: true });
  await slider.focus();
  await change(page, () => page.keyboard.press("End"));
  assert.equal(await slider.getAttribute("aria-valuetext"), "10000");
  await page.waitForFunction(() => document.getElementById("summary").textContent.includes("tries per call"));
});

test("the page fits a phone, where the load stays in sight", async () => {
  const page = await playground("budget=share", { viewport: PHONE });
  assert.ok((await overflow(page)) <= 0);
  await page.locator("#field-outage-slider").scrollIntoViewIfNeeded();
  const { y, height } = await page.locator("#load svg").boundingBox();
  assert.ok(y >= 0 && y + height <= PHONE.height);
  await page.evaluate(() => scrollTo(0, 0));
  await screenshot(page, "playground-phone");
  assert.deepEqual(page.faults, []);
});

test("light and dark have contrast", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await playground("budget=share&breaker=consecutive", { colorScheme });
    const colours = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return [color, backgroundColor].map((text) => text.match(/\d+/g).map(Number));
    });
    const [ink, paper] = colours.map(luminance);
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    assert.ok(contrast > 7, `${colorScheme}: ${contrast}`);
    assert.equal(ink > paper, colorScheme === "dark");
    await screenshot(page, `playground-${colorScheme}`);
    assert.deepEqual(page.faults, []);
  }
});

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
