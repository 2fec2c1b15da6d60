"""Real logins through each kind of tunnel of the Linux kernel (samples/tunnels): found, with the right place."""
import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "..", "samples", "tunnels")
sys.path.insert(0, os.path.join(HERE, ".."))

import harness

# name: (vlan, tunnel)
PLACES = {
    "vlan": (42, None),
    "qinq": (42, None),
    "gre": (None, "gre"),
    "gre-key": (None, "gre 77"),
    "gretap": (None, "gre 78"),
    "ip6gre": (None, "gre"),
    "ip6gretap": (None, "gre"),
    "ipip": (None, "ipip"),
    "sit": (None, "6in4"),
    "ip4ip6": (None, "4in6"),
    "ip6ip6": (None, "6in6"),
    "vxlan": (None, "vxlan 4242"),
    "vxlan-v6": (None, "vxlan 4244"),
    "vxlan-vlan": (None, "vxlan 4245"),
    "geneve": (None, "geneve 4243"),
    "mpls": (None, "mpls"),
    "mpls-gre": (None, "gre, mpls"),
    "erspan-i": (None, "erspan"),
    "erspan-ii": (None, "erspan 100"),
    "erspan-iii": (None, "erspan 101"),
    "ip6erspan": (None, "erspan 102"),
}
SIX = {"sit", "ip6ip6"}


class Tunnels(harness.ImaptapTest):
    def test_every_sample_is_in_the_table(self):
        names = {os.path.basename(path)[:-len(".pcap")] for path in glob.glob(os.path.join(SAMPLES, "*.pcap"))}
        self.assertEqual(names, set(PLACES))

    def test_each_login_is_found_where_it_was(self):
        for name, place in PLACES.items():
            with self.subTest(name):
                self.database = self.path(name + ".db")
                self.read("-q", os.path.join(SAMPLES, name + ".pcap"))
                ends = ("2001:db8:4::1", "2001:db8:4::2") if name in SIX else ("10.4.0.1", "10.4.0.2")
                self.assertEqual(self.one("""SELECT vlan, tunnel, client_ip, server_ip, server_port, midstream, one_sided, lost_octets,
                                             "end" FROM connections"""), (*place, *ends, 143, 0, 0, 0, "fin"))
                self.assertEqual(self.ask("SELECT tag, username, username_form, result FROM logins ORDER BY id"),
                                 [("a1", "tunnel*user", "atom", "BAD"), ("a2", "tunnel*user", "quoted", "OK")])
                self.assertEqual(self.one("SELECT tag, position, octets FROM violations v JOIN logins l ON l.id = v.login_id "
                                          "WHERE rule = 'unquoted-wildcard'"), ("a1", 6, "*"))

    def test_all_together_are_distinguished(self):
        """Most of them have the same addresses inside; only the tunnel distinguishes them."""
        self.read("-q", *(os.path.join(SAMPLES, name + ".pcap") for name in PLACES))
        self.assertEqual(self.one("SELECT count(*) FROM connections"), len(PLACES))
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 2 * len(PLACES))


if __name__ == "__main__":
    harness.main()
