"""What `read` makes of captures: kinds of files, several files as one stream, the same content again, and its options."""
import base64
import os
import shutil
import struct

import capture_maker
import harness
from capture_maker import Conversation, pcap

LOGINS = "SELECT username, username_form, result, after_result FROM logins ORDER BY time_ns, id"

# the type 3 message of an NTLM exchange, in an OEM character set: user BOB, workstation WS, no domain
NTLM_OF_BOB_AT_WS = base64.b64encode(
    b"NTLMSSP\0" + struct.pack("<I", 3)
    + b"".join(struct.pack("<HHI", length, length, offset) for length, offset in ((24, 69), (24, 93), (0, 64), (3, 64), (2, 67), (0, 0)))
    + struct.pack("<I", 2) + b"BOBWS" + b"s" * 48).decode()


def two_files():
    """A conversation whose connection begins in one file and logs in in the next."""
    conversation = Conversation().open()
    first = list(conversation.frames)
    conversation.login("a1 LOGIN star*user x", "BAD no").close()
    return first, conversation.frames[len(first):]


def in_fragments(octets, identification):
    """A frame of Ethernet and IPv4 as two, of which the first has the first octets of the TCP header alone."""
    ethernet, ip, data = octets[:14], octets[14:34], octets[34:]
    halves = (data[:16], 0x2000), (data[16:], 16 // 8)
    return [ethernet + ip[:2] + struct.pack(">HHH", 20 + len(half), identification, offset) + ip[8:] + half
            for half, offset in halves]


class Files(harness.ImaptapTest):
    def test_both_byte_orders_and_precisions(self):
        for big_endian in (False, True):
            for nanoseconds in (False, True):
                frames = Conversation(start_ns=1_700_000_000_123_456_789).open().login("a LOGIN u p").frames
                name = f"{big_endian}-{nanoseconds}"
                self.database = self.path(name + ".db")
                self.read(self.write(name + ".pcap", pcap(frames, 1, big_endian, nanoseconds)))
                expected = 1_700_000_000_127_456_789
                self.assertEqual(self.one("SELECT time_ns FROM logins"),
                                 expected if nanoseconds else expected // 1000 * 1000)

    def test_standard_input_and_its_file_are_the_same_capture(self):
        octets = capture_maker.one_login()
        self.read("-", input=octets)
        self.assertEqual(self.one("SELECT source, state FROM captures"), ("-", "complete"))
        run = self.read(self.write("file.pcap", octets))
        self.assertIn("in the database already", run.out)
        self.read("-", input=octets)
        self.assertEqual(self.one("SELECT count(*) FROM captures"), 1)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 1)

    def test_frames_are_numbered_as_in_wireshark(self):
        self.read(self.write("one.pcap", capture_maker.one_login()))
        self.assertEqual(self.one("SELECT frame FROM logins"), 5)

    def test_a_login_split_over_segments_counts_from_its_first_octet(self):
        conversation = Conversation().open().say("C", "a1 LOG").say("C", "IN star*").say("C", "user x\r\n")
        self.read(self.write("split.pcap", pcap(conversation.say("S", "a1 BAD no\r\n").frames)))
        self.assertEqual(self.one("SELECT frame, username, result FROM logins"), (5, "star*user", "BAD"))

    def test_logins_in_fragments_are_found_with_other_frames_close_behind(self):
        frames = []
        for number in range(40):
            conversation = Conversation(client_port=40000 + number).open().login(f"a1 LOGIN star*user{number} x", "BAD no")
            for time_ns, octets in conversation.close().frames:
                frames += [(time_ns, half) for half in in_fragments(octets, number * 100 + len(frames))]
        self.read(self.write("fragments.pcap", pcap(frames)))
        self.assertEqual(self.ask("SELECT username, result FROM logins ORDER BY id"),
                         [(f"star*user{number}", "BAD") for number in range(40)])


class SeveralFiles(harness.ImaptapTest):
    def test_a_connection_may_span_files_named_in_any_order(self):
        first, second = two_files()
        later, earlier = self.write("a.pcap", pcap(second)), self.write("b.pcap", pcap(first))
        self.read(later, earlier)
        self.assertEqual(self.ask(LOGINS), [("star*user", "atom", "BAD", None)])
        self.assertEqual(self.one("SELECT midstream FROM connections"), 0)
        self.assertEqual(self.one("SELECT c.source LIKE '%b.pcap', l.source LIKE '%a.pcap', frame FROM logins "
                                  "JOIN connections ON connections.id = connection_id "
                                  "JOIN captures c ON c.id = connections.capture_id "
                                  "JOIN captures l ON l.id = logins.capture_id"), (1, 1, 1))

    def test_a_folder_is_one_stream_of_traffic(self):
        first, second = two_files()
        self.write("ring/sub/2.pcap", pcap(first))
        self.write("ring/1.pcap", pcap(second))
        self.write("ring/README", b"no capture")
        run = self.read(self.path("ring"))
        self.assertEqual(self.ask(LOGINS), [("star*user", "atom", "BAD", None)])
        self.assertIn("1 file of the folders left out", run.out)

    def test_two_taps_with_one_direction_each_are_merged(self):
        frames = Conversation().open().login("a1 LOGIN u p").login("a2 SELECT INBOX").close().frames
        client = [frame for frame in frames if frame[1][26:30] == b"\x0a\x09\x00\x01"]
        server = [frame for frame in frames if frame[1][26:30] == b"\x0a\x09\x00\x02"]
        self.read(self.write("c.pcap", pcap(client)), self.write("s.pcap", pcap(server)))
        self.assertEqual(self.ask(LOGINS), [("u", "atom", "OK", "OK")])
        self.assertEqual(self.one("SELECT one_sided, lost_octets FROM connections"), (0, 0))

    def test_the_same_file_twice_is_read_once(self):
        capture = self.write("one.pcap", capture_maker.one_login())
        copy = self.path("copy.pcap")
        shutil.copy(capture, copy)
        self.read(capture, copy)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 1)


class Again(harness.ImaptapTest):
    def test_reading_the_same_capture_again_changes_nothing(self):
        capture = self.write("one.pcap", capture_maker.one_login())
        self.read(capture)
        before = self.dump()
        os.rename(capture, self.path("renamed.pcap"))
        run = self.read(self.path("renamed.pcap"))
        self.assertEqual(self.dump(), before)
        self.assertIn("in the database already", run.out)
        self.assertIn("star*user", run.out)

    def test_a_capture_that_did_not_finish_is_replaced(self):
        capture = self.write("one.pcap", capture_maker.one_login())
        self.read(capture)
        self.alter("UPDATE captures SET state = 'running'; UPDATE logins SET username = 'stale'")
        self.read(capture)
        self.assertEqual(self.ask(LOGINS), [("star*user", "atom", "BAD", None)])
        self.assertEqual(self.one("SELECT count(*) FROM captures WHERE state = 'complete'"), 1)
        self.check_database()

    def dump(self):
        import sqlite3
        connection = sqlite3.connect(self.database)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    def alter(self, sql):
        import sqlite3
        connection = sqlite3.connect(self.database)
        connection.executescript(sql)
        connection.close()


class Options(harness.ImaptapTest):
    def test_other_ports(self):
        capture = self.write("odd.pcap", capture_maker.one_login(server_port=1143))
        run = self.read("--no-detect", capture)
        self.assertIn("No IMAP connection was seen on port 143,993:", run.out)
        self.database = self.path("other.db")
        self.read("--port", "143,1143", capture)
        self.assertEqual(self.one("SELECT server_port FROM connections"), 1143)

    def test_imap_is_recognised_on_any_port(self):
        self.read(self.write("odd.pcap", capture_maker.one_login(server_port=2525)))
        self.assertEqual(self.one("SELECT server_port, greeting, midstream FROM connections"), (2525, "ready", 0))
        self.assertEqual(self.one("SELECT username, result FROM logins"), ("star*user", "BAD"))

    def test_exit_code_reports_violations(self):
        bad = self.write("bad.pcap", capture_maker.one_login())
        good = self.write("good.pcap", capture_maker.one_login("a LOGIN alice x", "OK in"))
        self.read("--exit-code", bad, status=1)
        self.database = self.path("good.db")
        run = self.read("--exit-code", good)
        self.assertIn("No login breaks the IMAP grammar", run.out)

    def test_users_can_be_masked(self):
        frames = []
        for port, user in ((1, "star*user"), (2, "star*user"), (3, "other")):
            frames += Conversation(client_port=port).open().login(f"a LOGIN {user} pw", f"NO no {user} here").frames
        run = self.read("--mask-users", self.write("m.pcap", pcap(sorted(frames, key=lambda frame: frame[0]))))
        names = [row[0] for row in self.ask("SELECT username FROM logins ORDER BY connection_id, id")]
        self.assertEqual(len(set(names)), 2)
        for name in names:
            self.assertRegex(name, r"^user-[0-9a-f]{16}$")
        self.assertEqual(self.ask("SELECT DISTINCT username_length FROM logins"), [(None,)])
        with open(self.database, "rb") as file:
            kept = file.read().decode("latin-1")
        for text in (run.out, kept):
            self.assertNotIn("star*user", text)

    def test_the_workstation_is_masked_as_the_user_is(self):
        frames = []
        for port in (1, 2):
            talk = Conversation(client_port=port).open().say("C", "a AUTHENTICATE NTLM\r\n").say("S", "+ \r\n")
            talk.say("C", NTLM_OF_BOB_AT_WS + "\r\n").say("S", "a OK in\r\n")
            frames += talk.frames
        capture = self.write("m.pcap", pcap(sorted(frames, key=lambda frame: frame[0])))
        self.read(capture)
        self.assertEqual(self.one("SELECT DISTINCT username, workstation FROM logins"), ("BOB", "WS"))
        self.database = self.path("masked.db")
        self.read("--mask-users", capture)
        (names,) = self.ask("SELECT DISTINCT username, workstation FROM logins")
        self.assertRegex(names[0], r"^user-[0-9a-f]{16}$")
        self.assertRegex(names[1], r"^host-[0-9a-f]{16}$")

    def test_password_shape_only_when_asked_for(self):
        capture = self.write("p.pcap", capture_maker.one_login("a LOGIN bob pass*word%"))
        sql = "SELECT password_length, position, count, octets FROM logins JOIN violations ON login_id = logins.id " \
              "WHERE rule = 'unquoted-wildcard' AND argument = 'password'"
        self.read(capture)
        self.assertEqual(self.one(sql), (None, None, None, "*%"))
        self.database = self.path("shape.db")
        self.read("--password-shape", capture)
        self.assertEqual(self.one(sql), (10, 4, 2, "*%"))


class OtherProtocols(harness.ImaptapTest):
    """Servers of Debian that speak anything but IMAP, and carry texts that read like it (samples/other-protocols.md)."""

    SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "other-protocols.pcap")

    def records(self):
        with open(self.SAMPLE, "rb") as file:
            octets = file.read()
        at, out = 24, []
        while at < len(octets):
            end = at + 16 + int.from_bytes(octets[at + 8:at + 12], "little")
            out.append(octets[at:end])
            at = end
        return octets[:24], out

    def test_are_not_taken_for_imap_wherever_the_capture_begins(self):
        header, records = self.records()
        for first in range(0, len(records), 15):
            self.database = self.path(f"{first}.db")
            run = self.read("-q", self.write("others.pcap", header + b"".join(records[first:])))
            self.assertEqual(self.ask("SELECT client_port, server_port, midstream FROM connections"), [], f"from frame {first + 1}")
            self.assertIn("No IMAP connection was seen", run.out)

    def test_uploaded_text_is_no_login(self):
        upload = Conversation(server_port=20000)
        for flags, side in ((0x02, "C"), (0x12, "S"), (0x10, "C")):
            upload.segment(side, flags)
        for number in range(100):
            upload.say("C", f"a{number} LOGIN bob secret\r\n")
            upload.segment("S", 0x10)
        self.read(self.write("upload.pcap", pcap(upload.close().frames)))
        self.assertEqual(self.ask("SELECT * FROM logins"), [])
        self.assertEqual(self.ask("SELECT * FROM connections"), [])

    def test_a_client_captured_alone_is_believed_only_from_its_beginning(self):
        for port, flags, found in (143, 0x02, [("star*user", None)]), (143, 0x10, []), (20000, 0x10, []):
            with self.subTest(port=port, flags=flags):
                talk = Conversation(server_port=port)
                talk.segment("C", flags)
                talk.say("C", "a1 LOGIN star*user x\r\n").say("C", "a2 SELECT INBOX\r\n")
                self.database = self.path(f"client{port}{flags}.sqlite")
                self.read(self.write(f"client{port}{flags}.pcap", pcap(talk.frames)))
                self.assertEqual(self.ask("SELECT username, result FROM logins"), found)

    def test_a_login_met_in_the_middle_is_found_when_the_server_answers(self):
        talk = Conversation(server_port=20000)
        talk.say("C", "a1 LOGIN star*user x\r\n").say("S", "a1 BAD no\r\n")
        self.read(self.write("middle.pcap", pcap(talk.frames)))
        self.assertEqual(self.one("SELECT username, result FROM logins"), ("star*user", "BAD"))


if __name__ == "__main__":
    harness.main()
