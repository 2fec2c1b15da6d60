// A real browser for the tests of pages: Debian's Chromium, driven by playwright-core (NODE_PATH leads to it).
"use strict";
const { chromium } = require("playwright-core");
const fs = require("fs");
const os = require("os");
const path = require("path");

// Notes in `found` what the page asks for and says.
function watch(page, found) {
  page.on("request", (request) => found.requests.push(request.url()));
  page.on("console", (message) => found.messages.push(message.text()));
  page.on("pageerror", (error) => found.messages.push(String(error)));
  page.on("dialog", (dialog) => { found.dialogs++; dialog.dismiss(); });
}

async function launch(options) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), "imaptap-browser-"));
  const context = await chromium.launchPersistentContext(data, {
    executablePath: "/usr/bin/chromium", headless: true, chromiumSandbox: false, viewport: { width: 1280, height: 900 }, ...options,
    args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync"],
  });
  context.setDefaultTimeout(120000);
  return { context, close: async () => { await context.close(); fs.rmSync(data, { recursive: true, force: true }); } };
}

// Opens the page from its file; without scripts where `javaScriptEnabled` is false.
async function open(file, found, javaScriptEnabled = true) {
  const { context, close } = await launch({ javaScriptEnabled });
  const page = await context.newPage();
  watch(page, found);
  await page.goto("file://" + file);
  return { page, close };
}

// What could act or load in it, and its first words.
async function lookOver(page, found) {
  found.scripts = await page.evaluate(() => document.scripts.length);
  found.markup = await page.evaluate(() => document.querySelectorAll("img, iframe, object, embed, link, base").length);
  found.verdict = await page.textContent("h1");
}

// Sorts by a column, by keyboard alone, upwards and then downwards; `read` reads the column.
async function sortBy(page, header, read, found) {
  await header.locator("button").focus();
  await page.keyboard.press("Enter");
  found.ascending = [await header.getAttribute("aria-sort"), ...await read()];
  await page.keyboard.press("Enter");
  found.descending = [await header.getAttribute("aria-sort"), ...await read()];
}

// Takes a picture in both themes, returns their backgrounds, and prints.
async function draw(page, folder, found, prefix = "") {
  found.themes = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: path.join(folder, prefix + colorScheme + ".png"), fullPage: false });
    found.themes.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
  }
  await page.emulateMedia({ media: "print" });
  await page.pdf({ path: path.join(folder, "printed.pdf"), format: "A4" });
}

module.exports = { launch, open, lookOver, sortBy, draw };
