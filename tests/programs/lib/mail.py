#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mail.py PORT FILE: a mail server here, which appends what it gets to FILE.
mail.py send PORT TO SUBJECT: send a letter."""
import smtplib
import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 world.test ESMTP\r\n")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                with open(sys.argv[2], "ab") as file:
                    for text in self.rfile:
                        if text == b".\r\n":
                            break
                        file.write(text)
            if verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    if sys.argv[1] == "send":
        with smtplib.SMTP("127.0.0.1", int(sys.argv[2]), local_hostname="client.test") as server:
            server.sendmail("sender@client.test", [sys.argv[3]], f"Subject: {sys.argv[4]}\n\n" + "text of the letter\n" * 200)
    else:
        open(sys.argv[2], "ab").close()
        Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


main()
