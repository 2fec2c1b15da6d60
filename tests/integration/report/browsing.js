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

module.exports = { launch, watch };
