// How long a page takes to open in headless Chromium: open_page.js PAGE; prints JSON, in seconds. NODE_PATH leads to playwright-core.
"use strict";
const { launch } = require("../../integration/report/browsing.js");

(async () => {
  const found = { load: Infinity, drawn: Infinity };
  for (let run = 0; run < 3; run++) {
    const { context, close } = await launch({});
    const page = await context.newPage();
    await page.goto("about:blank");
    const begun = performance.now();
    await page.goto("file://" + process.argv[2], { waitUntil: "load" });
    found.load = Math.min(found.load, (performance.now() - begun) / 1000);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    found.drawn = Math.min(found.drawn, (performance.now() - begun) / 1000);
    await close();
  }
  console.log(JSON.stringify(found));
})().catch((error) => { console.error(error); process.exit(1); });
