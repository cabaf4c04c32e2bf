// The guide, opened from files without a server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GUIDE, launch, open } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("the search of the guide finds a page without a network", async () => {
  const page = await open(browser, `file://${GUIDE}`);
  const search = page.getByRole("textbox", { name: "Search" });
  await search.focus();
  await page.getByText("Type to start searching").waitFor({ state: "attached" });
  // The search listens to keys.
  await search.pressSequentially("metastable");
  const found = page.locator(".md-search-result__link").first();
  await found.waitFor();
  assert.match(await found.getAttribute("href"), /explanation\/brown-outs\.html/);
  await found.click();
  await page.waitForURL(/brown-outs\.html/);
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /Brown-outs and metastable failures/);
  assert.deepEqual(page.faults, []);
});
