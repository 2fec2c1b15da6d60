#!/usr/bin/python3
"""A software switch with a tagged trunk, for kernels without VLAN devices: vlan_trunk.py LEFT RIGHT VLAN...

LEFT and RIGHT are the two ends of a veth pair, the trunk. For each VLAN two TAP devices are made, lVLAN and rVLAN, each
an access port: a frame that comes in at lVLAN leaves LEFT with an 802.1Q tag and goes out of rVLAN without it, and
back. Prints "ready" when the ports are there; they may then be moved to other namespaces.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING = 3, 263, 8, 4
AUXDATA = struct.Struct("=IIIHHHH")  # status, len, snaplen, mac, net, vlan_tci, vlan_tpid
VLAN_VALID = 1 << 4


def tap(name):
    port = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return port


def trunk(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.bind((name, 0))
    end.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return end


def receive(end):
    """(VLAN, frame without its tag), or (None, None) for what is not ours. The kernel takes the tag out for us."""
    frame, ancillary, _, source = end.recvmsg(65536, socket.CMSG_SPACE(AUXDATA.size))
    if source[2] == PACKET_OUTGOING:
        return None, None
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, _ = AUXDATA.unpack(data)
            if status & VLAN_VALID:
                return tci & 0xFFF, frame
    return None, None


def main(left_name, right_name, vlans):
    left, right = trunk(left_name), trunk(right_name)
    access = {}  # file descriptor -> (VLAN, trunk end behind which it sits)
    ports = {left: {}, right: {}}
    for vlan in vlans:
        for end, letter in ((left, "l"), (right, "r")):
            port = tap(f"{letter}{vlan}")
            access[port] = (vlan, end)
            ports[end][vlan] = port
    print("ready", flush=True)
    while True:
        for ready in select.select([left, right, *access], [], [])[0]:
            if ready in access:
                vlan, end = access[ready]
                frame = os.read(ready, 65536)
                end.send(frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:])
            else:
                vlan, frame = receive(ready)
                if vlan in ports[ready]:
                    os.write(ports[ready][vlan], frame)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [int(vlan) for vlan in sys.argv[3:]])
