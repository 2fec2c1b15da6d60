// Logs in with node-imap: node node-imap.js ADDRESS USER PASSWORD
"use strict";
const Imap = require("imap");
const [host, user, password] = process.argv.slice(2);
const client = new Imap({ host, port: 143, tls: false, user, password });
client.once("ready", () => client.end());
client.once("error", (error) => {
    console.error(error.message);
    process.exit(1);
});
client.connect();
