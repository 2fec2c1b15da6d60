"""How each proxy is started. A proxy is a function of its tries and an empty folder; it takes logins on port 143 of each
try's address and passes them on to port 1143 of the same address, where the scripted server is."""
import http.server
import os
import subprocess
import threading

import servers


class Router(http.server.BaseHTTPRequestHandler):
    """Answers nginx that every login is good, and where it goes on to."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Auth-Status", "OK")
        self.send_header("Auth-Server", self.headers["X-Wild"])
        self.send_header("Auth-Port", "1143")
        self.end_headers()

    def log_message(self, *_):
        pass


def nginx(tries, folder):
    router = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Router)
    threading.Thread(target=router.serve_forever, daemon=True).start()
    listeners = "".join(f"    server {{ listen {one.address}:143; protocol imap; auth_http_header X-Wild {one.address}; }}\n"
                        for one in tries)
    config = servers.write(f"{folder}/nginx.conf", f"""load_module /usr/lib/nginx/modules/ngx_mail_module.so;
user root;
pid {folder}/pid;
error_log {folder}/log;
events {{ worker_connections 4096; }}
mail {{
    auth_http 127.0.0.1:8080/;
    imap_auth plain login;
{listeners}}}
""")
    servers.run("nginx", "-c", config)


def perdition(tries, folder):
    for one in tries:
        subprocess.Popen(["perdition", "--no_daemon", "--protocol", "IMAP4", "--bind_address", f"{one.address}:143",
                          "--outgoing_server", one.address, "--outgoing_port", "1143", "--no_lookup", "--map_library", "",
                          "--ssl_mode", "none", "--pid_file", "", "--username", "root", "--group", "root"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def dovecot(tries, folder):
    servers.run("dovecot", "-c", servers.dovecot_config(
        folder, "driver = static\n  args = proxy=y host=%l port=1143 nopassword=y"))


def imapproxy(tries, folder):
    os.chmod(folder, 0o755)
    for one in tries:
        config = servers.write(f"{folder}/{one.address}.conf", f"""server_hostname {one.address}
server_port 1143
listen_address {one.address}
listen_port 143
connect_retries 10
connect_delay 1
cache_size 16
cache_expiration_time 300
proc_username nobody
proc_groupname nogroup
stat_filename {folder}/{one.address}.stat
protocol_log_filename {folder}/{one.address}.log
syslog_facility LOG_MAIL
send_tcp_keepalives no
enable_select_cache no
foreground_mode yes
force_tls no
enable_admin_commands no
""")
        subprocess.Popen(["imapproxyd", "-f", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# name: the software's name, the second octet of its addresses, and how it is started
PROXIES = {"nginx": ("nginx", 101, nginx), "perdition": ("perdition", 102, perdition), "Dovecot-proxy": ("Dovecot", 103, dovecot),
           "imapproxy": ("imapproxy", 104, imapproxy)}
