#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""web.py PORT DIRECTORY: a web server here, many clients at once. /slow gives a beginning and no end, /hold no answer at all.
Prints the requests, and what is sent to it."""
import functools
import http.server
import sys
import threading


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print("GET", self.path, flush=True)
        if self.path not in ("/slow", "/hold"):
            super().do_GET()
            return
        if self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"<p>beginning</p>")
            self.wfile.flush()
        threading.Event().wait()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(body[:200].decode(errors="replace"), flush=True)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    handler = functools.partial(Handler, directory=sys.argv[2])
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()


main()
