"""How each client is made to log in. A client is a function of a try and an empty folder that returns the command to run;
`options` beside it names what forces the LOGIN command where the client would choose SASL by itself."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def write(folder, name, text, mode=0o600):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)
    return path


def escaped(text):
    """Inside double quotes, with a backslash before what needs one."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def imaplib(one, folder, forced):
    return ["/usr/bin/python3", "-c",
            "import imaplib, sys\nserver = imaplib.IMAP4(sys.argv[1])\nserver.login(*sys.argv[2:])\nserver.logout()",
            one.address, one.user, one.password]


def curl(one, folder, forced):
    return ["curl", "-sS", "-m", "10", "-u", f"{one.user}:{one.password}", f"imap://{one.address}/"]


def mbsync(one, folder, forced):
    user = write(folder, "user", one.user)
    password = write(folder, "password", one.password)
    os.mkdir(os.path.join(folder, "mail"))
    config = write(folder, "mbsyncrc", "\n".join([
        "IMAPAccount a", f"Host {one.address}", "Port 143", "SSLType None", "Timeout 5",
        f'UserCmd "cat {user}"', f'PassCmd "cat {password}"',
        *(["AuthMechs LOGIN"] if forced else []),
        "", "IMAPStore far", "Account a", "", "MaildirStore near", f"Path {folder}/mail/", f"Inbox {folder}/mail/inbox",
        "", "Channel c", "Far :far:", "Near :near:", "Patterns INBOX", "Create Near", ""]))
    return ["mbsync", "-c", config, "-a"]


def fetchmail(one, folder, forced):
    def octal(text):  # \\" would leave the outer quotes in the value
        return text.replace("\\", "\\\\").replace('"', "\\042")
    config = write(folder, "fetchmailrc", f"poll {one.address} protocol imap {'auth password ' if forced else ''}"
                   f'user "{octal(one.user)}" password "{octal(one.password)}" sslproto "" mda "/bin/cat"\n')
    return ["fetchmail", "-f", config, "--pidfile", f"{folder}/pid", "--nosyslog", "-c"]


def mutt(one, folder, forced, name="mutt"):
    os.mkdir(os.path.join(folder, "Mail"))  # it asks about it otherwise
    config = write(folder, "muttrc", "\n".join([
        f"set imap_user='{one.user}'", f"set imap_pass='{one.password}'", "set ssl_starttls=no", "set ssl_force_tls=no",
        *(["set imap_authenticators='login'"] if forced else []), ""]))
    return [name, "-n", "-F", config, "-f", f"imap://{one.address}/INBOX"]


def neomutt(one, folder, forced):
    return mutt(one, folder, forced, "neomutt")


def imapfilter(one, folder, forced):
    config = write(folder, "config.lua", "\n".join([
        "options.starttls = false", "options.timeout = 5",
        f"account = IMAP {{ server = '{one.address}', username = {escaped(one.user)}, password = {escaped(one.password)} }}",
        "account:list_all()", ""]))
    return ["imapfilter", "-c", config]


def hydra(one, folder, forced):
    return ["hydra", "-I", "-t", "1", "-l", one.user, "-p", one.password,
            f"imap://{one.address}/{'CLEAR' if forced else ''}"]


def imapflow(one, folder, forced):
    return ["node", f"{HERE}/imapflow.js", one.address, one.user, one.password, *(["LOGIN"] if forced else [])]


def node_imap(one, folder, forced):
    return ["node", f"{HERE}/node-imap.js", one.address, one.user, one.password]


def offlineimap(one, folder, forced):
    def plain(text):  # configparser gives % a meaning
        return text.replace("%", "%%")
    password = write(folder, "password", one.password + "\n")
    config = write(folder, "offlineimaprc", "\n".join([
        "[general]", "accounts = a", f"metadata = {folder}/meta", "socktimeout = 5", "[Account a]",
        "localrepository = near", "remoterepository = far", "[Repository near]", "type = Maildir",
        f"localfolders = {folder}/mail", "[Repository far]", "type = IMAP", f"remotehost = {one.address}",
        "remoteport = 143", "ssl = no", "starttls = no", *(["auth_mechanisms = LOGIN"] if forced else []),
        f"remoteuser = {plain(one.user)}", f"remotepassfile = {password}", ""]))
    return ["offlineimap", "-c", config, "-o", "-u", "basic"]


def php(one, folder, forced):
    return ["php", "-r", "imap_open('{' . $argv[1] . ':143/imap/notls}INBOX', $argv[2], $argv[3], 0, 0"
            + (", ['DISABLE_AUTHENTICATOR' => ['PLAIN', 'LOGIN', 'GSSAPI', 'CRAM-MD5']]" if forced else "") + ");",
            "--", one.address, one.user, one.password]


def perl_imapclient(one, folder, forced):
    return ["perl", "-MMail::IMAPClient", "-e",
            "Mail::IMAPClient->new(Server => $ARGV[0], User => $ARGV[1], Password => $ARGV[2], Timeout => 5)->logout",
            one.address, one.user, one.password]


def ruby_net_imap(one, folder, forced):
    return ["ruby", "-rnet/imap", "-e", "i = Net::IMAP.new(ARGV[0]); i.login(ARGV[1], ARGV[2]); i.logout",
            one.address, one.user, one.password]


class Client:
    def __init__(self, name, command, option=None, tty=False):
        self.name = name
        self.command = command
        self.option = option  # what forces LOGIN; None: nothing does, or nothing needs to
        self.tty = tty


CLIENTS = [
    Client("imaplib", imaplib),
    Client("curl", curl),
    Client("mbsync", mbsync, "AuthMechs LOGIN"),
    Client("fetchmail", fetchmail, "auth password"),
    Client("hydra", hydra, "imap://HOST/CLEAR"),
    Client("imapflow", imapflow, "loginMethod: 'LOGIN'"),
    Client("node-imap", node_imap),
    Client("mutt", mutt, "imap_authenticators='login'", tty=True),
    Client("neomutt", neomutt, "imap_authenticators='login'", tty=True),
    Client("imapfilter", imapfilter),
    Client("offlineimap3", offlineimap, "auth_mechanisms = LOGIN"),
    Client("PHP imap (c-client)", php, "DISABLE_AUTHENTICATOR"),
    Client("Mail::IMAPClient", perl_imapclient),
    Client("Ruby net-imap", ruby_net_imap),
]
