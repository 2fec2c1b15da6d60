"""Old rows are removed from a database that a live capture writes to."""
import os
import sqlite3
import subprocess
import sys

import span
import harness
from capture_maker import Conversation, pcap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from test_upkeep import OLD_NS, many
from test_upkeep import octets as octets_of_file


class Purging(span.LiveTest, harness.ImaptapTest):
    def login(self, user):
        """A login as it happens, and then in the database."""
        self.sent += 1
        port = 40000 + self.sent
        talk = Conversation(client_port=port).open().login(f"a1 LOGIN {user} Sesam-1", "NO no").close()
        self.send(span.octets(talk))
        self.wait_for(lambda: self.is_there(user), user)

    def is_there(self, user):
        """Notes in passing how many of the old logins are left."""
        [(there, old)] = self.query(f"SELECT sum(username = '{user}'), sum(time_ns < {OLD_NS + 10**12}) FROM logins") or [(0, 0)]
        self.left.add(old)
        return there == 1

    def test_goes_on_beside_a_live_capture_and_holds_up_neither(self):
        talk = Conversation(start_ns=OLD_NS).open().login("a1 LOGIN old*0 Sesam-1", "NO no").close()
        self.read("-q", self.write("old.pcap", pcap(talk.frames)))
        connection = sqlite3.connect(self.database)
        many(connection, 1, 300_000, "old*user")
        connection.close()
        self.sent = during = 0
        self.left = set()
        self.start("--flush", "50")
        self.login("before")
        purge = subprocess.Popen([harness.BINARY, "purge", "-d", self.database, "--older-than", "90d"],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with purge:
            while purge.poll() is None:
                self.login(f"new*{self.sent}")
                during += purge.poll() is None
            said = purge.stdout.read().decode()
        self.assertEqual(purge.returncode, 0, said)
        self.assertIn("Removed: 1 capture, 300,001 connections, 300,001 logins, 1 violation, 1 run\n", said)
        self.assertGreater(during, 0)  # logins were kept while old ones went
        self.assertTrue(self.left - {300_001, 0}, "the old ones went all at once")
        self.login("after")
        self.stop()
        self.assertNotIn("waiting", self.said() + said)  # neither waited so long that it was reported
        self.assertEqual(self.ask("SELECT username FROM logins ORDER BY id"),
                         [("before",), *((f"new*{number}",) for number in range(1, self.sent - 1)), ("after",)])
        self.assertEqual(self.one("SELECT count(*) FROM violations WHERE rule = 'unquoted-wildcard'"), self.sent - 2)
        self.assertEqual(self.ask("SELECT kind, state FROM captures"), [("live", "complete")])
        self.assertNotIn(b"old*", octets_of_file(self.database))
        self.check_database()


if __name__ == "__main__":
    span.main()
