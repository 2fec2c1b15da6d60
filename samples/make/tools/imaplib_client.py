#!/usr/bin/python3
"""One login with Python's imaplib as everybody uses it: imaplib_client.py SERVER USER PASSWORD [SOURCE]

imaplib puts the user name on the wire as it is and quotes the password. A refused login is no failure here.
"""
import imaplib
import sys

server, user, password = sys.argv[1:4]
if len(sys.argv) > 4:
    import socket
    source = (sys.argv[4], 0)

    class From(imaplib.IMAP4):
        def _create_socket(self, timeout):
            return socket.create_connection((self.host, self.port), source_address=source)
    mail = From(server)
else:
    mail = imaplib.IMAP4(server)
try:
    print(mail.login(user, password))
    print(mail.select("INBOX"))
except imaplib.IMAP4.error as error:
    print("refused:", error)
print(mail.logout())
