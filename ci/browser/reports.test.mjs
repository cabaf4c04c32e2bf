// The pages that the command line writes.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { PHONE, SCREENSHOTS, WIDE, launch, open, overflow, rebackoff, screenshot } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
after(() => browser.close());

const simulated = (example) => {
  const scenario = rebackoff(["simulate", "--example", example]);
  return rebackoff(["simulate", "-", "--format", "html", "--runs", "1"], { input: scenario });
};

const PAGES = {
  simulate: () => simulated("thundering-herd"),
  "simulate-guards": () => simulated("budget-or-breaker"),
  plan: () => rebackoff(["plan", "--max-time", "1m", "--format", "html"]),
};

for (const [name, make] of Object.entries(PAGES)) {
  test(`the page of ${name} has no errors, and fits wide windows and phones`, async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const file = `${SCREENSHOTS}/${name}.html`;
    writeFileSync(file, make());
    const page = await open(browser, `file://${file}`);
    const pictures = page.getByRole("img");
    const names = await pictures.evaluateAll((all) => all.map((each) => each.getAttribute("aria-label")));
    assert.ok(names.length > 0 && names.every(Boolean), names.join(", "));
    for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        assert.ok((await overflow(page)) <= 0, size);
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(paper === "rgb(255, 255, 255)", colorScheme === "light");
        if (size === "wide" || colorScheme === "light") await screenshot(page, `${name}-${size}-${colorScheme}`);
      }
    }
    assert.deepEqual(page.faults, []);
  });
}
