"""Runs every client against the scripted server, once a try. usage: run_clients.py

Each client meets a server that offers nothing, one with LITERAL+ and one with SASL; then the first and the last again, with
the option set that forces LOGIN, where it has one. It prints what each client printed, with the passwords taken out."""
import concurrent.futures
import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time

import clients
import probes
import scripted_server

LEGS = [("nothing", "nothing", False), ("LITERAL+", "LITERAL+", False), ("SASL", "SASL", False),
        ("nothing, forced", "nothing", True), ("SASL, forced", "SASL", True)]


def run(client, one, forced, server):
    """Runs a client until it ends, or a little longer than its login took; returns what it printed."""
    folder = tempfile.mkdtemp(prefix="wild.")
    environment = dict(os.environ, HOME=folder, LC_ALL="C.UTF-8", TERM="xterm", NODE_PATH="/opt/wild/node_modules")
    command = client.command(one, folder, forced)
    printed = bytearray()
    master, end = pty.openpty()
    child = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True,
                             stdin=end if client.tty else subprocess.DEVNULL, stdout=end, stderr=end)
    os.close(end)
    deadline = time.monotonic() + 8
    done = False
    while time.monotonic() < deadline:
        if not done and one.address in server.answered:
            done = True
            deadline = min(deadline, time.monotonic() + 0.7)
        if select.select([master], [], [], 0.1)[0]:
            try:
                octets = os.read(master, 4096)
            except OSError:
                break
            if not octets:
                break
            printed += octets
        elif child.poll() is not None:
            break
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    os.close(master)
    shutil.rmtree(folder, ignore_errors=True)
    text = printed.decode(errors="replace")
    for half in (one.password, *probes.PASSWORD_HALVES):
        if half:
            text = text.replace(half, "********")
    return text


def main():
    jobs = []
    for number, client in enumerate(clients.CLIENTS, 1):
        for leg_number, (_, offer, forced) in enumerate(LEGS, 1):
            if forced and client.option is None:
                continue
            for one in probes.tries(client.name, number, offer, leg_number):
                one.leg = LEGS[leg_number - 1][0]
                jobs.append((client, one, forced))
    server = scripted_server.ScriptedServer({one.address: one for _, one, _ in jobs})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = pool.map(lambda job: run(*job, server), jobs)
        for (client, one, _), text in zip(jobs, results):
            print(f"== {client.name}; {one.leg}; {one.argument} {one.label}; {one.address}; "
                      f"{'answered' if one.address in server.answered else 'no login'}\n{text.strip()[-600:]}")
    time.sleep(1)  # the last connections end


if __name__ == "__main__":
    main()
