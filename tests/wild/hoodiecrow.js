// Starts hoodiecrow-imap on port 143 of every address: node hoodiecrow.js USERS.json
"use strict";
const users = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
require("hoodiecrow-imap")({ users }).listen(143, "0.0.0.0");
