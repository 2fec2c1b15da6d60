// Opens a comparison's page from its file in a real browser and tells as JSON what it does: compare_browser.js PAGE FOLDER
// The folder gets the screenshots and the printed page.
"use strict";
const path = require("path");
const { launch, watch } = require("./browsing.js");

const [file, folder] = process.argv.slice(2);
const found = { requests: [], messages: [], dialogs: 0 };

const column = (page, section, index) => page.$$eval(`section[aria-labelledby=${section}] tbody tr`,
  (rows, index) => rows.map((row) => row.cells[index].textContent), index);

async function withScripts() {
  const { context, close } = await launch({});
  const page = await context.newPage();
  watch(page, found);
  await page.goto("file://" + file);
  found.scripts = await page.evaluate(() => document.scripts.length);
  found.markup = await page.evaluate(() => document.querySelectorAll("img, iframe, object, embed, link, base").length);
  found.verdict = await page.textContent("h1");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  found.skipped = await page.evaluate(() => document.activeElement.id);

  const user = page.locator("section[aria-labelledby=users] thead th", { hasText: "User" });
  await user.locator("button").focus();
  await page.keyboard.press("Enter");
  found.ascending = [await user.getAttribute("aria-sort"), ...await column(page, "users", 1)];
  await page.keyboard.press("Enter");
  found.descending = [await user.getAttribute("aria-sort"), ...await column(page, "users", 1)];

  found.themes = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: path.join(folder, "compare-" + colorScheme + ".png"), fullPage: false });
    found.themes.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
  }
  await page.emulateMedia({ media: "print" });
  await page.pdf({ path: path.join(folder, "printed.pdf"), format: "A4" });
  await close();
}

async function withoutScripts() {
  const { context, close } = await launch({ javaScriptEnabled: false });
  const page = await context.newPage();
  watch(page, found);
  await page.goto("file://" + file);
  found.plain = {
    verdict: await page.locator("h1").innerText(),
    senders: await column(page, "senders", 0),
    users: await page.locator("section[aria-labelledby=users] tbody tr").filter({ visible: true }).count(),
    captions: await page.locator("caption").count(),
    tables: await page.locator("table").count(),
  };
  await close();
}

(async () => {
  await withScripts();
  await withoutScripts();
  console.log(JSON.stringify(found));
})().catch((error) => { console.error(error); process.exit(1); });
