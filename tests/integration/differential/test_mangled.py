"""One known conversation under many seeds (mangle.py): what must be found is found, in every order and wrapping that preserves the
octets; what was lost is never guessed.

IMAPTAP_SEEDS=FIRST-LAST (default 1-2000) chooses the seeds. A seed that fails is written as a capture of its own into IMAPTAP_KEEP
(default: a new folder under /tmp); the message says when it does not fail alone.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import harness
import mangle

BATCH = 2000
COLUMNS = ("tag command mechanism username username_form password_form result response_text after_result").split()
ROWS = f"""
    SELECT c.client_ip, c.vlan, c.tunnel, c.lost_octets, c.midstream, c.one_sided, l.incomplete, {", ".join("l." + c for c in COLUMNS)},
           (SELECT group_concat(rule || '/' || argument, ' ') FROM violations v WHERE v.login_id = l.id) AS violations, c.id AS connection
    FROM connections c LEFT JOIN logins l ON l.connection_id = c.id ORDER BY c.id, l.frame, l.id"""


def verdict_is_possible(row, want, judged):
    """The verdict said, or none when its octets may be lost, or the BYE that came later in its place."""
    found, said = [(one["result"], one["response_text"]) for one in (row, want)]
    if found == (want["result"], None) and not judged:  # cut behind its first words
        return True
    return found == said or (not judged and found in ((None, None), ("BYE", "see you")))


def is_rest_of_a_line(row, mangler):
    """What a hole left of a line can read like a login with the end of the tag, or of AUTHENTICATE, as its tag."""
    tags = [login.row["tag"] for login, state in mangler.truth() if not state["must"]] + ["AUTHENTICATE"]
    return any(tag.endswith(row["tag"] or "") for tag in tags) and row["result"] in (None, "BYE")


def differences(mangler, rows):
    """What is wrong with the rows found for a conversation, as sentences."""
    wrong = []
    logins = [row for row in rows if row["tag"] is not None or row["command"] is not None]
    expected = mangler.truth()
    if not rows and not any(state["must"] for _, state in expected):
        return []
    place = {(row["vlan"], row["tunnel"]) for row in rows}
    if place - {(mangler.wrapping.vlan, mangler.wrapping.tunnel)}:
        wrong.append(f"found in {place} instead of {mangler.wrapping.vlan, mangler.wrapping.tunnel}")
    robbed = mangler.robbed()
    if not robbed and mangler.loss is None:
        if len(rows) - len(logins) > 0 or len({row["connection"] for row in rows}) != len(mangler.conversations):
            wrong.append(f"{len({row['connection'] for row in rows})} connections instead of {len(mangler.conversations)}")
        if sum(row["lost_octets"] for row in rows):
            wrong.append("octets reported as lost, and none was")
    left = list(logins)
    for login, state in expected:
        want = dict(login.row)
        judged = state["judged"]
        must = state["must"]
        same = [row for row in left if row["tag"] == want["tag"] and row["username"] == want["username"]]
        if not same and state["unprompted"]:  # without its prompt what was answered may be the password: none of it is kept
            want.update(username=None, username_form=None, password_form=None)
            same = [row for row in left if row["tag"] == want["tag"] and row["username"] is None and verdict_is_possible(row, want, judged)]
        if not same:
            if must:
                wrong.append(f"missing: {want}")
            continue
        row = same[0]
        left.remove(row)
        if row["incomplete"]:
            if must:
                wrong.append(f"incomplete, and nothing of it was lost: {want}")
            # of what is missing in it nothing is claimed
            if not all(row[name] in (None, want[name]) for name in ("command", "mechanism")) or not verdict_is_possible(row, want, judged):
                wrong.append(f"an incomplete login says what was not said: {row}, said was {want}")
            continue
        if state["broken"]:
            wrong.append(f"octets are missing in it, and it is reported as complete: {row}")
        for name in ("command", "mechanism", "username", "username_form", "password_form"):
            if row[name] != want[name]:
                wrong.append(f"{name} is {row[name]!r} instead of {want[name]!r}: {want}")
        if not verdict_is_possible(row, want, judged):
            wrong.append(f"verdict {row['result']} {row['response_text']!r} instead of {want['result']} {want['response_text']!r}: {want}")
        if row["after_result"] != want["after_result"] and (not robbed or row["after_result"] is not None):
            wrong.append(f"after_result is {row['after_result']!r} instead of {want['after_result']!r}: {want}")
        found = set((row["violations"] or "").split())
        broken = {"/".join(violation) for violation in login.violations}
        if found != broken:
            wrong.append(f"violations {sorted(found)} instead of {sorted(broken)}: {want}")
    for row in left:
        body = row["tag"] == "x" and row["result"] in (None, "BYE") and mangler.body_may_be_taken_for_a_login()
        if not row["incomplete"] and not body and not is_rest_of_a_line(row, mangler):
            wrong.append(f"never said: { {name: row[name] for name in COLUMNS} }")
    return wrong


class Mangled(harness.ImaptapTest):
    def seeds(self):
        first, _, last = os.environ.get("IMAPTAP_SEEDS", "1-2000").partition("-")
        return range(int(first), int(last or first) + 1)

    def find(self, captures):
        """The rows found in the captures, by the client's address."""
        if os.path.exists(self.database):
            os.remove(self.database)
        self.read("-q", *captures)
        by_client = {}
        names = ["client_ip", "vlan", "tunnel", "lost_octets", "midstream", "one_sided", "incomplete", *COLUMNS, "violations",
                 "connection"]
        for row in self.ask(ROWS):
            by_client.setdefault(row[0], []).append(dict(zip(names, row)))
        return by_client

    def complaints_of(self, manglers, found):
        """What is wrong, a text for each seed."""
        complaints = []
        keep = None
        for mangler in manglers:
            wrong = differences(mangler, found.pop(mangler.client_ip, []))
            if wrong:
                keep = keep or os.environ.get("IMAPTAP_KEEP") or tempfile.mkdtemp(prefix="imaptap-mangled-")
                alone, octets = mangle.capture_of([mangler.seed])
                path = os.path.join(keep, f"{mangler.seed}.pcap")
                with open(path, "wb") as file:
                    file.write(octets)
                again = differences(alone[0], self.find([path]).get(mangler.client_ip, []))
                complaints.append(f"seed {mangler.seed} ({', '.join(sorted(mangler.operations))}), {path}"
                                  + ("" if again else ", NOT ALONE") + "".join("\n    " + one for one in wrong))
        if found:
            complaints.append(f"connections that nobody made: {list(found)[:5]}")
        return complaints

    def none(self, complaints, seeds):
        if complaints:
            self.fail(f"{len(complaints)} of {len(seeds)} seeds differ\n" + "\n".join(complaints[:40]))

    def test_every_seed_yields_its_logins(self):
        seeds, complaints = self.seeds(), []
        for first in range(0, len(seeds), BATCH):
            manglers, octets = mangle.capture_of(seeds[first:first + BATCH])
            complaints += self.complaints_of(manglers, self.find([self.write("mangled.pcap", octets)]))
        self.none(complaints, seeds)

    def test_directions_in_files_of_their_own_are_put_together(self):
        seeds = self.seeds()[:200]
        manglers, _ = mangle.capture_of(seeds)
        files = [self.write(f"{side}.pcap", mangle.capture_of(seeds, side)[1]) for side in (mangle.SERVER, mangle.CLIENT)]
        self.none(self.complaints_of(manglers, self.find(files)), seeds)


if __name__ == "__main__":
    harness.main()
