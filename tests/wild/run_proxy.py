"""Logs in through a proxy with every name and password, quoted, in front of the scripted server. usage: run_proxy.py PROXY"""
import sys
import tempfile
import time

import probes
import proxies
import raw
import scripted_server


def main():
    name, number, start = proxies.PROXIES[sys.argv[1]]
    tries = []
    for offer_number, offer in enumerate(scripted_server.OFFERS, 1):
        for one in probes.tries(name, number, offer, offer_number):
            one.leg = offer
            tries.append(one)
    scripted_server.ScriptedServer({one.address: one for one in tries}, port=1143)
    start(tries, tempfile.mkdtemp(prefix="wild."))
    for one in tries:
        if not raw.wait_for(one.address):
            sys.exit(f"{one.address} does not greet")
        raw.login(one.address, "a", one.user, "quoted", one.password, "quoted", seconds=3)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
