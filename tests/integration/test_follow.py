"""read --follow: a folder that a capturing program rotates its files in, and what may happen in it."""
import gzip
import os
import signal
import subprocess
import time

import capture_maker
import harness
from capture_maker import Conversation, pcap

START = 1_700_000_000_000_000_000


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Follow(harness.ImaptapTest):
    """Runs imaptap on the folder "captures" until a test is done with it."""

    def setUp(self):
        super().setUp()
        self.captures = self.path("captures")
        os.mkdir(self.captures)

    def follow(self, *options):
        self.process = subprocess.Popen([harness.BINARY, "read", "-d", self.database, *options, "--follow",
                                         self.captures], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.process.kill)
        self.wait_for(lambda: os.path.exists(self.database) and self.analyzer() is not None)

    def analyzer(self):
        children = read(f"/proc/{self.process.pid}/task/{self.process.pid}/children").decode().split()
        return int(children[0]) if children else None

    def stop(self, status=0, number=signal.SIGINT):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        self.check_clean(err)
        self.assertEqual(self.process.returncode, status, out.decode() + err.decode())
        self.check_database()
        return out.decode(), err.decode()

    def wait_for(self, condition, seconds=30.0):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "waited too long")
            time.sleep(0.02)

    def users(self):
        return [row[0] for row in self.ask("SELECT username FROM logins ORDER BY username")]

    def await_users(self, *users):
        """About a second on a machine that does nothing else; what waits for more octets or the end waits for ever."""
        try:
            self.wait_for(lambda: self.users() == sorted(users))
        except AssertionError:
            self.assertEqual(self.users(), sorted(users))

    def states(self):
        return self.ask("SELECT replace(source, rtrim(source, replace(source, '/', '')), ''), state FROM captures"
                        " ORDER BY 1")

    def put(self, name, octets, mode="ab"):
        with open(os.path.join(self.captures, name), mode) as file:
            file.write(octets)

    def login(self, user, number):
        """A capture with one login; each number is a connection of its own."""
        return capture_maker.one_login(f"a LOGIN {user} Sesam-1", "OK in", client_port=30000 + number,
                                       start_ns=START + number * 10**10)


class Growing(Follow, harness.ImaptapTest):
    def test_pieces_that_cut_records_and_headers(self):
        octets = self.login("ali*ce", 1)
        self.follow()
        for at in range(0, len(octets), 37):
            self.put("a.pcap", octets[at:at + 37])
            time.sleep(0.01)
        self.await_users("ali*ce")
        self.assertEqual(self.states(), [("a.pcap", "running")])
        out, _ = self.stop()
        self.assertIn("1 capture", out)
        self.assertFalse(os.path.exists(self.database + "-wal"))
        self.assertEqual(read(self.database)[18:20], b"\1\1")  # one file, that needs no log beside it
        self.assertEqual(self.states(), [("a.pcap", "complete")])

    def test_verdict_is_committed_while_the_connection_is_open(self):
        conversation = Conversation().open().login("a LOGIN bob p", "OK in")
        self.follow()
        self.put("a.pcap", pcap(conversation.frames))
        self.await_users("bob")
        os.kill(self.analyzer(), signal.SIGTERM)  # as systemd does, which signals all processes
        self.stop(number=signal.SIGTERM)

    def test_record_that_is_half_written_at_the_end_is_no_damage(self):
        octets = self.login("bob", 1)
        self.follow()
        with open(os.path.join(self.captures, "a.pcap"), "wb") as file:
            file.write(octets[:-5])
            file.flush()
            self.await_users("bob")
            self.stop()
        self.assertEqual(self.states(), [("a.pcap", "complete")])

    def test_record_that_was_never_finished_is_reported(self):
        self.follow()
        self.put("a.pcap", self.login("bob", 1)[:-5])
        self.put("b.pcap", self.login("carol", 2))
        self.await_users("bob", "carol")
        _, err = self.stop(status=3)
        self.assertIn("a.pcap: cut short in frame", err)
        self.assertEqual(self.states(), [("a.pcap", "failed"), ("b.pcap", "complete")])

    def test_loss_is_decided_though_nothing_more_comes(self):
        conversation = Conversation().open()
        conversation.say("C", "a NOOP\r\n")
        conversation.frames.pop()  # never captured, but acknowledged
        conversation.login("b LOGIN bob p", "OK in")
        self.follow()
        self.put("a.pcap", pcap(conversation.frames))
        self.await_users("bob")
        self.stop()

    def test_pcapng_grows_too(self):
        source = self.write("whole.pcap", self.login("ali*ce", 1))
        subprocess.run(["editcap", "-F", "pcapng", source, self.path("whole.pcapng")], check=True, capture_output=True)
        octets = read(self.path("whole.pcapng"))
        self.follow()
        for at in range(0, len(octets), 101):
            self.put("a.pcapng", octets[at:at + 101])
            time.sleep(0.01)
        self.await_users("ali*ce")
        self.stop()


class Files(Follow, harness.ImaptapTest):
    def test_connection_that_goes_on_in_the_next_file(self):
        conversation = Conversation().open().login("a LOGIN star*user Sesam-1", "NO no")
        self.follow()
        self.put("a.pcap", pcap(conversation.frames[:4]))
        time.sleep(0.3)
        self.put("b.pcap", pcap(conversation.frames[4:5]))
        time.sleep(0.3)
        self.put("c.pcap", pcap(conversation.frames[5:]))
        self.await_users("star*user")
        self.stop()
        self.assertEqual(self.one("SELECT c.greeting, c.midstream, l.result, l.frame, r.source LIKE '%b.pcap'"
                                  " FROM logins l JOIN connections c ON c.id = l.connection_id"
                                  " JOIN captures r ON r.id = l.capture_id"), ("ready", 0, "NO", 1, 1))
        self.assertEqual(self.one("SELECT count(*) FROM connections"), 1)

    def test_files_that_are_there_are_taken_in_order_of_their_times(self):
        conversation = Conversation().open().login("a LOGIN star*user Sesam-1", "NO no")
        for number, (name, frames) in enumerate((("z", conversation.frames[:4]), ("y", conversation.frames[4:5]),
                                                 ("b", conversation.frames[5:6]), ("a", conversation.frames[6:]))):
            self.put(name, pcap(frames))
            os.utime(os.path.join(self.captures, name), (1_700_000_000 + number // 2 * 2, ) * 2)
        os.utime(os.path.join(self.captures, "z"), (1_600_000_000, ) * 2)
        os.utime(os.path.join(self.captures, "a"), (1_700_000_009, ) * 2)
        self.follow()
        self.await_users("star*user")
        self.stop()
        self.assertEqual(self.one("SELECT midstream, one_sided, lost_octets FROM connections"), (0, 0, 0))

    def test_file_that_is_renamed_into_the_folder(self):
        self.follow()
        for number, name in enumerate(("b.pcap", "a.pcap", "c.pcap")):
            self.write("elsewhere", self.login(f"user{number}", number))
            os.utime(self.path("elsewhere"), (1_500_000_000 - number, ) * 2)
            os.rename(self.path("elsewhere"), os.path.join(self.captures, name))
            self.await_users(*[f"user{i}" for i in range(number + 1)])
        self.stop()

    def test_file_that_is_renamed_within_the_folder_is_the_same(self):
        octets = self.login("bob", 1)
        self.follow()
        self.put(".a.partial", octets[:200])
        time.sleep(0.3)
        os.rename(os.path.join(self.captures, ".a.partial"), os.path.join(self.captures, "a.pcap"))
        self.put("a.pcap", octets[200:])
        self.await_users("bob")
        self.stop()
        self.assertEqual(len(self.states()), 1)

    def test_what_is_no_capture_is_left_out(self):
        os.mkdir(os.path.join(self.captures, "folder"))
        self.put("notes.txt", b"not a capture")
        self.put("empty", b"")
        self.follow()
        self.put("log", b"a line\n")
        self.put("a.pcap", self.login("bob", 1))
        self.put("log", b"another line\n")
        self.await_users("bob")
        self.put("empty", self.login("carol", 2))
        self.await_users("bob", "carol")
        out, _ = self.stop()
        self.assertIn("2 files of the folders left out", out)

    def test_deleted_file_is_no_error(self):
        self.follow()
        self.put("a.pcap", self.login("bob", 1))
        self.await_users("bob")
        os.unlink(os.path.join(self.captures, "a.pcap"))
        self.put("b.pcap", self.login("carol", 2))
        self.await_users("bob", "carol")
        self.stop()
        self.assertEqual(self.states(), [("a.pcap", "complete"), ("b.pcap", "complete")])

    def test_file_that_is_written_anew_is_another_one(self):
        self.follow()
        for number in range(4):  # as tcpdump -C -W 2 does
            self.put(f"ring{number % 2}", self.login(f"user{number}" * 4 if number < 2 else f"user{number}", number),
                     "wb")
            self.await_users(*[f"user{n}" * (4 if n < 2 else 1) for n in range(number + 1)])  # before it is overwritten
        self.stop()
        self.assertEqual([state for _, state in self.states()], ["complete"] * 4)

    def test_compressed_copy_of_a_file_is_left_out(self):
        self.follow()
        self.put("a.pcap", self.login("bob", 1))
        self.await_users("bob")
        subprocess.run(["gzip", os.path.join(self.captures, "a.pcap")], check=True)
        time.sleep(1.5)
        self.stop()
        self.assertEqual(self.users(), ["bob"])

    def test_compressed_file_that_is_moved_into_the_folder(self):
        def move(name, user, number):
            self.write("elsewhere.gz", gzip.compress(self.login(user, number)))
            os.rename(self.path("elsewhere.gz"), os.path.join(self.captures, name))

        self.follow()
        move("a.pcap.gz", "bob", 1)
        move("b.pcap.gz", "carol", 2)
        self.await_users("bob", "carol")
        self.stop()
        self.follow()
        move("c.pcap.gz", "dave", 3)
        self.await_users("bob", "carol", "dave")
        out, _ = self.stop()
        self.assertIn("2 captures were in the database already", out)

    def test_one_frame_with_a_time_far_off_ends_nothing(self):
        conversation = Conversation().open()
        later = Conversation(client_port=41000, start_ns=2 * START).open()
        self.follow()
        self.put("a.pcap", pcap(conversation.frames + later.frames[:1]))
        time.sleep(2)  # time passes
        conversation.frames.clear()
        self.put("a.pcap", pcap(conversation.login("a LOGIN bob p", "OK in").frames)[24:])
        self.await_users("bob")
        self.stop()
        self.assertEqual(self.one("SELECT midstream, count(*) FROM connections"), (0, 1))

    def test_two_writers_lose_nothing(self):
        first, second = self.login("bob", 1), self.login("carol", 2)
        self.follow()
        with open(os.path.join(self.captures, "a"), "wb") as a, open(os.path.join(self.captures, "b"), "wb") as b:
            for file, octets in ((a, first[:300]), (b, second[:200]), (a, first[300:]), (b, second[200:])):
                file.write(octets)
                file.flush()
                time.sleep(0.4)
        self.await_users("bob", "carol")
        self.stop()

    def test_folder_that_is_not_there(self):
        os.rmdir(self.captures)
        run = self.read("--follow", self.captures, status=3)
        self.assertIn("cannot be followed: No such file", run.err)

    def test_takes_no_other_input(self):
        self.read("--follow", self.captures, "a.pcap", status=2)


class Again(Follow, harness.ImaptapTest):
    def test_same_folder_doubles_nothing(self):
        whole = self.login("carol", 2)
        self.put("a.pcap", self.login("bob", 1))
        self.put("b.pcap", whole[:-100])
        self.follow()
        self.await_users("bob", "carol")
        self.stop()
        before = self.ask("SELECT * FROM logins")
        self.follow()
        time.sleep(1)
        self.assertEqual(self.ask("SELECT * FROM logins"), before)
        self.put("b.pcap", whole[-100:] + self.login("dave", 3)[24:])
        self.await_users("bob", "carol", "dave")
        out, _ = self.stop()
        self.assertIn("2 captures were in the database already", out)
        self.assertEqual(self.states(), [("a.pcap", "complete"), ("b.pcap", "complete")])
        self.read(self.captures)
        self.assertEqual(self.users(), ["bob", "carol", "dave"])

    def test_reading_without_following_takes_what_has_grown_since(self):
        whole = self.login("carol", 2) + self.login("dave", 3)[24:]
        self.put("a.pcap", whole[:700])
        self.follow()
        self.await_users("carol")
        self.stop()
        self.put("a.pcap", whole[700:])
        self.read(self.captures)
        self.assertEqual(self.users(), ["carol", "dave"])
        self.assertEqual(self.states(), [("a.pcap", "complete")])

    def test_after_the_recorder_was_killed(self):
        self.put("a.pcap", self.login("bob", 1))
        self.follow()
        self.put("b.pcap", self.login("carol", 2))
        self.await_users("bob", "carol")
        self.process.kill()
        self.process.communicate()
        self.put("b.pcap", self.login("dave", 3)[24:])
        self.follow()
        self.await_users("bob", "carol", "dave")
        self.stop()
        self.assertEqual(self.states(), [("a.pcap", "complete"), ("b.pcap", "complete")])

    def test_copy_of_a_known_file_is_known(self):
        self.put("a.pcap", self.login("bob", 1))
        self.follow()
        self.await_users("bob")
        octets = read(os.path.join(self.captures, "a.pcap"))
        self.put("b.pcap", octets[:400])
        time.sleep(0.3)
        self.put("b.pcap", octets[400:])
        self.put("c.pcap", self.login("carol", 2))
        self.wait_for(lambda: "carol" in self.users())
        self.stop()
        self.assertEqual(self.users(), ["bob", "carol"])


class Processes(Follow, harness.ImaptapTest):
    def test_analyzer_has_two_pipes_and_can_open_nothing(self):
        self.follow()
        self.put("a.pcap", self.login("bob", 1))
        self.await_users("bob")
        folder = f"/proc/{self.analyzer()}/fd"
        open_files = sorted(os.readlink(f"{folder}/{fd}").split(":")[0] for fd in os.listdir(folder) if fd != "2")
        self.assertEqual(open_files, ["pipe", "pipe"])
        self.assertRegex(read(f"/proc/{self.analyzer()}/limits").decode(), r"Max open files +0 +0 ")
        self.stop()

    def test_analyzer_that_dies_costs_one_file(self):
        self.follow()
        self.put("a.pcap", self.login("bob", 1))
        self.await_users("bob")
        first = self.analyzer()
        os.kill(first, signal.SIGABRT)
        self.wait_for(lambda: self.analyzer() not in (None, first))
        self.put("a.pcap", self.login("late", 3)[24:])
        self.put("b.pcap", self.login("carol", 2))
        self.await_users("bob", "carol")
        _, err = self.stop(status=3)
        self.assertRegex(err, r"a.pcap: the analyzer died \(Aborted\) in frame \d+")
        self.assertEqual(self.states(), [("a.pcap", "failed"), ("b.pcap", "complete")])

    def test_analyzer_that_dies_with_nothing_to_read(self):
        self.follow()
        time.sleep(1.2)
        first = self.analyzer()
        os.kill(first, signal.SIGKILL)
        self.wait_for(lambda: self.analyzer() not in (None, first))
        self.put("a.pcap", self.login("bob", 1))
        self.await_users("bob")
        self.stop()

    def test_idle_costs_next_to_nothing(self):
        self.follow()
        self.put("a.pcap", self.login("bob", 1))
        self.await_users("bob")
        time.sleep(1)

        def ticks():
            fields = [read(f"/proc/{pid}/stat").decode().split(")")[1].split() for pid in
                      (self.process.pid, self.analyzer())]
            return sum(int(field[11]) + int(field[12]) for field in fields)

        def cost():
            before = ticks()
            time.sleep(3)
            return ticks() - before

        self.assertTrue(any(cost() <= 3 for _ in range(3)))  # hundredths of a second; at first it may still be at work
        self.stop()

    def test_much_at_once(self):
        frames = []
        for number in range(3000):
            frames += Conversation(client_port=1024 + number, start_ns=START + number * 10**7).open().login(
                f"a LOGIN u{number}* Sesam-1", "NO no").close().frames
        for part in range(0, len(frames), 1000):
            self.put(f"part{part:06}", pcap(frames[part:part + 1000]))
        self.follow("-q")
        self.wait_for(lambda: self.one("SELECT count(*) FROM logins") == 3000, seconds=60)
        self.stop()
        self.assertEqual(self.one("SELECT count(DISTINCT username) FROM logins"), 3000)


if __name__ == "__main__":
    harness.main()
