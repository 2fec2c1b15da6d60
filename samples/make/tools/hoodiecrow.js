// Starts hoodiecrow-imap on port 143 with the accounts of one sample.
// node hoodiecrow.js ACCOUNTS SAMPLE ADDRESS [PLUGIN...]
"use strict";
const fs = require("fs");
const hoodiecrow = require("hoodiecrow-imap");

const [accounts, sample, address, ...plugins] = process.argv.slice(2);
const users = {};
for (const line of fs.readFileSync(accounts, "utf8").split("\n")) {
    const [of, user, password, wrong] = line.split("\t");
    if (of === sample && !wrong) {
        users[user] = { password };
    }
}
hoodiecrow({ plugins, users }).listen(143, address);
