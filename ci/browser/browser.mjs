// A browser, and pages that collect whatever goes wrong in them.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

export const { REBACKOFF, PLAYGROUND, GUIDE, BROWSER, SCREENSHOTS } = process.env;

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };

export const launch = () => chromium.launch({ executablePath: BROWSER, args: FLAGS });

/** A page whose `faults` are its errors, and its requests for anything beyond itself. */
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("request", (request) => /^(data|blob|file):/.test(request.url()) || page.faults.push(request.url()));
  await page.goto(address);
  return page;
}

export async function screenshot(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
}

/** What the command line prints. */
export function rebackoff(args, options = {}) {
  const run = spawnSync(REBACKOFF, args, { encoding: "utf8", ...options });
  if (run.stderr) throw new Error(run.stderr);
  return run.stdout;
}

/** The pixels by which a page is wider than its window. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
