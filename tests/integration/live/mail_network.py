"""A mail network whose switch has a span port: clients, real servers, and a mirror of all that they say.

Three network namespaces: the caller's, where `span0` is the port to watch; one of the clients, and one of the servers, whose
interface is mirrored to the other end of span0 (tc-mirred(8)), as a switch does it. Dovecot listens at DOVECOT, a lenient
server, hoodiecrow-imap at HOODIECROW, a strict one; both know ACCOUNTS. What is started here ends with close().
"""
import os
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "..", "..", "..", "samples", "make", "tools")
CLIENT, DOVECOT, HOODIECROW, PORT = "192.0.2.10", "192.0.2.143", "192.0.2.144", 143
ACCOUNTS = {"clean.user": "Sesam-1001-alpha", "star*user": "Sesam-1002-bravo", "per%cent": "Sesam-1003-charlie",
            "tulpen": "Tulpe*1004"}
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
NEEDED = {"ip": "iproute2", "tc": "iproute2", "nsenter": "util-linux", "dovecot": "dovecot-imapd", "node": "nodejs",
          "openssl": "openssl", "curl": "curl", "fetchmail": "fetchmail"}


def missing():
    """What must be installed first, as text; "" when all is there."""
    packages = [f"{command} (Debian: {package})" for command, package in NEEDED.items()
                if shutil.which(command, path=SYSTEM_PATH) is None]
    if not os.path.isdir(os.path.join(hoodiecrow_home(), "node_modules", "hoodiecrow-imap")):
        packages.append("hoodiecrow-imap (samples/make/install)")
    return ", ".join(packages)


def hoodiecrow_home():
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("IMAPTAP_SAMPLE_CACHE") or os.path.join(caches, "imaptap-samples")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=60, env=os.environ | {"PATH": SYSTEM_PATH})


class Namespace:
    """A network namespace that lives as long as a sleeping process in it; no name of it is seen elsewhere."""

    def __init__(self):
        self.keeper = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.keeper.pid}/ns/net") == own:
            if self.keeper.poll() is not None:
                raise RuntimeError("no network namespace can be made")
            time.sleep(0.01)
        self.inside("ip", "link", "set", "lo", "up")

    def command(self, *command):
        return ["nsenter", "-t", str(self.keeper.pid), "-n", *command]

    def inside(self, *command):
        return run(*self.command(*command))

    def close(self):
        self.keeper.kill()
        self.keeper.wait()


class MailNetwork:
    """`folder` must be one that all users can enter; span0 and wire0 must be there."""

    def __init__(self, folder):
        self.folder = folder
        self.children = []
        self.clients, self.servers = Namespace(), Namespace()
        try:
            self._lay_cables()
            self._start_dovecot()
            self._start_hoodiecrow()
        except BaseException:
            self.close()
            raise

    def _lay_cables(self):
        clients, servers = str(self.clients.keeper.pid), str(self.servers.keeper.pid)
        run("ip", "link", "add", "name", "cable0", "netns", clients, "type", "veth", "peer", "name", "cable0", "netns", servers)
        run("ip", "link", "set", "wire0", "netns", servers)
        self.clients.inside("ip", "address", "add", f"{CLIENT}/24", "dev", "cable0")
        for address in (DOVECOT, HOODIECROW):
            self.servers.inside("ip", "address", "add", f"{address}/24", "dev", "cable0")
        for namespace, name in ((self.clients, "cable0"), (self.servers, "cable0"), (self.servers, "wire0")):
            namespace.inside("ip", "link", "set", name, "up")
        self.servers.inside("tc", "qdisc", "add", "dev", "cable0", "clsact")
        for direction in ("ingress", "egress"):
            self.servers.inside("tc", "filter", "add", "dev", "cable0", direction, "protocol", "all", "u32", "match", "u32", "0", "0",
                                "action", "mirred", "egress", "mirror", "dev", "wire0")

    def _start_dovecot(self):
        base, config = os.path.join(self.folder, "dovecot"), os.path.join(self.folder, "dovecot.conf")
        os.makedirs(os.path.join(base, "run"))
        os.makedirs(os.path.join(base, "mail"))
        shutil.chown(os.path.join(base, "mail"), "nobody", "nogroup")
        with open(os.path.join(base, "users"), "w", encoding="ascii") as file:
            file.writelines(f"{user}:{{PLAIN}}{password}::::::\n" for user, password in ACCOUNTS.items())
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=imap.example.com",
            "-keyout", os.path.join(base, "key.pem"), "-out", os.path.join(base, "cert.pem"))
        with open(os.path.join(TOOLS, "dovecot.conf.in"), encoding="ascii") as file:
            text = file.read().replace("@BASE@", base).replace("@LISTEN@", DOVECOT)
        with open(config, "w", encoding="ascii") as file:
            file.write(text)
        self._serve("dovecot", "-F", "-c", config)
        self._wait_for(DOVECOT)

    def _start_hoodiecrow(self):
        accounts = os.path.join(self.folder, "accounts.tsv")
        with open(accounts, "w", encoding="ascii") as file:
            file.writelines(f"live\t{user}\t{password}\t\n" for user, password in ACCOUNTS.items())
        self._serve("node", "--no-deprecation", os.path.join(TOOLS, "hoodiecrow.js"), accounts, "live", HOODIECROW)
        self._wait_for(HOODIECROW)

    def _serve(self, *command):
        environment = os.environ | {"PATH": SYSTEM_PATH, "NODE_PATH": os.path.join(hoodiecrow_home(), "node_modules")}
        self.children.append(subprocess.Popen(self.servers.command(*command), env=environment, stdout=subprocess.DEVNULL))

    def _wait_for(self, address):
        deadline = time.monotonic() + 30
        while not self.servers.inside("ss", "-Hltn", f"src {address}:{PORT}").stdout:
            if time.monotonic() > deadline:
                raise RuntimeError(f"nothing listens at {address}")
            time.sleep(0.05)

    def client(self, *command, **options):
        """Runs a client to its end; whether it gets in is not looked at."""
        return subprocess.run(self.clients.command(*command), capture_output=True, timeout=60, **options)

    def close(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(timeout=30)
        for name in ("wire0", "cable0"):  # those of a namespace that ends are removed some time later
            subprocess.run(self.servers.command("ip", "link", "del", name), capture_output=True)
        self.clients.close()
        self.servers.close()
