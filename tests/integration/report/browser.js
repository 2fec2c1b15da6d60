// Opens a page from its file in a real browser and prints as JSON what it does: browser.js PAGE FOLDER
// The folder gets the screenshots. NODE_PATH leads to playwright-core.
"use strict";
const fs = require("fs");
const path = require("path");
const { open, lookOver, sortBy, draw } = require("./browsing.js");

const [file, folder] = process.argv.slice(2);
const found = { requests: [], messages: [], dialogs: 0 };

const column = (page, index) => page.$$eval("#finding-table tbody tr", (rows, index) => rows.map((row) => row.cells[index].textContent), index);

async function withScripts() {
  const { page, close } = await open(file, found);
  await lookOver(page, found);
  found.users = await column(page, 4);
  found.elements = await page.evaluate(() => document.getElementsByTagName("*").length);

  await page.keyboard.press("Tab");
  found.skip = await page.evaluate(() => document.activeElement.className);
  await page.keyboard.press("Enter");
  found.skipped = await page.evaluate(() => document.activeElement.id);

  const user = page.locator("#finding-table thead th", { hasText: "User" });
  found.unsorted = await user.getAttribute("aria-sort");
  await sortBy(page, user, () => column(page, 4), found);
  found.sorts = await page.$$eval("#finding-table th[aria-sort]:not([aria-sort=none])", (headers) => headers.length);

  await page.focus("#search");
  await page.keyboard.type("ALERT(1)");
  found.searched = [await page.textContent("#count"), ...await column(page, 4)];
  await page.fill("#search", "");
  await page.selectOption("#rule", { label: "unquoted-special" });
  found.filtered = [...new Set(await column(page, 2))];
  await page.selectOption("#rule", { label: "all" });
  found.all = await page.textContent("#count");

  await page.locator("#finding-table tbody button").first().focus();
  await page.keyboard.press("Enter");
  found.details = await page.textContent("#details");
  found.opened = await page.evaluate(() => document.getElementById("details").open);
  await page.keyboard.press("Escape");
  found.closed = await page.evaluate(() => !document.getElementById("details").open);
  found.focus = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.keyboard.press("Enter");
  await page.click("#details form button");
  found.closedByButton = await page.evaluate(() => !document.getElementById("details").open);

  if (await page.isVisible("#more")) {
    await page.click("#more-button");
    found.more = await page.textContent("#count");
  }
  found.marks = await page.$$eval(".chart .diamond", (marks) => marks.length);
  found.chart = await page.$eval(".chart", (chart) => chart.getAttribute("role") + ": " + chart.querySelector("desc").textContent);
  await draw(page, folder, found);
  found.printed = await page.evaluate(() => [getComputedStyle(document.querySelector("nav")).display,
    getComputedStyle(document.body).backgroundColor]);
  await close();
}

async function withoutScripts() {
  const { page, close } = await open(file, found, false);
  found.plain = {
    verdict: await page.locator("h1").innerText(),
    rows: await page.locator("table.findings tbody tr").count(),
    shown: await page.locator("table.findings tbody tr").last().isVisible(),
    captions: await page.locator("caption").count(),
    tables: await page.locator("table").count(),
    filters: await page.locator("#filters").isVisible(),
    stripped: await page.locator(".stripped").filter({ visible: true }).count(),
  };
  await close();
}

async function withoutItsScript() {
  const copy = path.join(folder, "stripped.html");
  fs.writeFileSync(copy, fs.readFileSync(file, "utf8").replace(/<script>[^]*?<\/script>/, ""));
  const { page, close } = await open(copy, { requests: [], messages: [], dialogs: 0 });
  found.stripped = { verdict: await page.locator("h1").innerText(), rows: await page.locator("#finding-table tbody tr").count(),
    said: await page.locator(".stripped").filter({ visible: true }).count() };
  await close();
}

(async () => {
  await withScripts();
  await withoutScripts();
  await withoutItsScript();
  console.log(JSON.stringify(found));
})().catch((error) => { console.error(error); process.exit(1); });
