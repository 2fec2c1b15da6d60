"""How each real server is started, with accounts of every difficult name and password. A server is a function of the accounts
(a list of user and password) and an empty folder; it leaves something that listens on port 143 of every address."""
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)
    return path


def run(*command, text=None):
    return subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def hoodiecrow(accounts, folder):
    users = write(f"{folder}/users.json", json.dumps({user: {"password": password} for user, password in accounts}))
    subprocess.Popen(["node", "--no-deprecation", f"{HERE}/hoodiecrow.js", users],
                     env=dict(os.environ, NODE_PATH="/opt/wild/node_modules"),
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def dovecot_config(folder, passdb):
    """auth_username_chars is opened: by default Dovecot refuses names with other characters, however they are written."""
    os.chmod(folder, 0o755)
    os.mkdir(f"{folder}/mail")
    os.chmod(f"{folder}/mail", 0o777)
    return write(f"{folder}/dovecot.conf", f"""
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
listen = *
protocols = imap
default_vsz_limit = 0
disable_plaintext_auth = no
auth_mechanisms = plain
auth_username_chars =
auth_username_format =
auth_failure_delay = 0 secs
ssl = no
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%Ln
mail_max_userip_connections = 1000
passdb {{
  {passdb}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%Ln
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = 143
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")


def dovecot(accounts, folder):
    def escaped(text):  # as its passwd-file looks names up
        return text.replace("\\", "\\\\").replace('"', '\\"')
    users = write(f"{folder}/users", "".join(f"{escaped(user)}:{{PLAIN}}{password}::::::\n" for user, password in accounts))
    run("dovecot", "-c", dovecot_config(folder, f"driver = passwd-file\n  args = username_format=%u {users}"))


def cyrus(accounts, folder):
    with open("/etc/imapd.conf", encoding="utf-8") as old:
        config = write(f"{folder}/imapd.conf", old.read() + "\nservername: wild\nsasl_mech_list: PLAIN\nsasl_sasldb_path: /etc/sasldb2\n")
    services = write(f"{folder}/cyrus.conf", 'START {\n recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"\n}\n'
                     f'SERVICES {{\n imap cmd="imapd -C {config}" listen="0.0.0.0:143" proto="tcp4" prefork=1 maxchild=50\n}}\nEVENTS {{\n}}\n')
    os.chmod(folder, 0o755)
    for user, password in accounts:
        subprocess.run(["saslpasswd2", "-c", "-p", "-u", "wild", user], input=password, text=True, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.chmod("/etc/sasldb2", 0o644)
    for path in ("/run/cyrus/socket", "/run/cyrus/proc", "/run/cyrus/lock"):
        os.makedirs(path, exist_ok=True)
    run("chown", "-R", "cyrus:mail", "/run/cyrus", "/var/lib/cyrus", "/var/spool/cyrus")
    run("/usr/lib/cyrus/bin/makedirs")
    subprocess.Popen(["/usr/lib/cyrus/bin/master", "-C", config, "-M", services],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def courier(accounts, folder):
    os.chmod(folder, 0o755)
    run("maildirmake.courier", f"{folder}/Maildir")
    run("chown", "-R", "nobody:nogroup", folder)
    lines = []
    for user, password in accounts:
        if user:
            crypt = subprocess.run(["openssl", "passwd", "-1", "-stdin"], input=password + "\n", text=True, check=True,
                                   stdout=subprocess.PIPE).stdout.strip()
            lines.append(f"{user}\tuid=65534|gid=65534|home={folder}|mail={folder}/Maildir|systempw={crypt}\n")
    write("/etc/courier/userdb", "".join(lines), 0o600)
    run("makeuserdb")
    run("sed", "-i", "-e", "s/^authmodulelist=.*/authmodulelist=authuserdb/", "/etc/courier/authdaemonrc")
    run("sed", "-i", "-e", "s/^MAXPERIP=.*/MAXPERIP=500/", "-e", "s/^MAXDAEMONS=.*/MAXDAEMONS=500/", "/etc/courier/imapd")
    os.makedirs("/run/courier/authdaemon", exist_ok=True)
    run("chown", "-R", "courier:courier", "/run/courier")
    run("authdaemond", "start")
    run("/usr/sbin/imapd", "start")


# name: second octet of its addresses, and how it is started
SERVERS = {"hoodiecrow": (201, hoodiecrow), "Dovecot": (202, dovecot), "Cyrus": (203, cyrus), "Courier": (204, courier)}
