// Opens a comparison's page from its file in a real browser and prints as JSON what it does: compare_browser.js PAGE FOLDER
// The folder gets the screenshots and the printed page.
"use strict";
const { open, lookOver, sortBy, draw } = require("./browsing.js");

const [file, folder] = process.argv.slice(2);
const found = { requests: [], messages: [], dialogs: 0 };

const column = (page, section, index) => page.$$eval(`section[aria-labelledby=${section}] tbody tr`,
  (rows, index) => rows.map((row) => row.cells[index].textContent), index);

async function withScripts() {
  const { page, close } = await open(file, found);
  await lookOver(page, found);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  found.skipped = await page.evaluate(() => document.activeElement.id);

  const user = page.locator("section[aria-labelledby=users] thead th", { hasText: "User" });
  await sortBy(page, user, () => column(page, "users", 1), found);
  await draw(page, folder, found, "compare-");
  await close();
}

async function withoutScripts() {
  const { page, close } = await open(file, found, false);
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
