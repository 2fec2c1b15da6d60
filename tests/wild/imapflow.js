// Logs in with imapflow: node imapflow.js ADDRESS USER PASSWORD [LOGIN-METHOD]
"use strict";
const { ImapFlow } = require("imapflow");
const [host, user, pass, loginMethod] = process.argv.slice(2);
const client = new ImapFlow({ host, port: 143, secure: false, doSTARTTLS: false, logger: false, auth: { user, pass, loginMethod } });
client.on("error", () => process.exit(1));
client.connect().then(() => client.logout()).catch((error) => {
    console.error(error.message);
    process.exit(1);
});
