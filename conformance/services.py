#!/usr/bin/env python3
"""The services that the conformance suite asks for, for a host under test: copy this one file there.

    python3 services.py serve --echo 7 --greet 13 --abort 9
    python3 services.py connect ADDRESS PORT echo

`serve` listens on IPv4 and IPv6 until it is ended; `connect` opens one connection, runs the service on it, and ends.
Needs nothing but Python 3.7.
"""

import argparse
import socket
import struct
import threading

GREETING = b"Greetings from the host under test.\r\n"
CHUNK = 65536


def echo(connection):
    """RFC 862: sends back what comes, and closes once the peer closed."""
    while True:
        data = connection.recv(CHUNK)
        if not data:
            return
        connection.sendall(data)


def greet(connection):
    """Sends one line and closes first, in the manner of RFC 867."""
    connection.sendall(GREETING)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(CHUNK):  # closing with bytes unread would reset the connection
        pass


def abort(connection):
    """Resets the connection after the first byte."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))


SERVICES = {"echo": echo, "greet": greet, "abort": abort}


def run(service, connection):
    with connection:
        try:
            service(connection)
        except OSError:
            pass  # the peer reset the connection: no matter of a service


def listen(port):
    """A socket for both families, or for IPv4 where the host has no IPv6."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
    return socket.create_server(("", port), backlog=128)


def serve_on(listener, service):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=run, args=(service, connection), daemon=True).start()


def serve(ports):
    threads = []
    for name, port in ports.items():
        listener = listen(port)
        threads.append(threading.Thread(target=serve_on, args=(listener, SERVICES[name]), daemon=True))
    for thread in threads:
        thread.start()
    print("serving", ", ".join(f"{name} on port {port}" for name, port in ports.items()), flush=True)
    for thread in threads:
        thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("serve", help="listen, until ended")
    for name, port in (("echo", 7), ("greet", 13), ("abort", 9)):
        server.add_argument(f"--{name}", type=int, default=port, metavar="PORT", help=f"default {port}")
    client = commands.add_parser("connect", help="open one connection")
    client.add_argument("address")
    client.add_argument("port", type=int)
    client.add_argument("service", choices=sorted(SERVICES), nargs="?", default="echo")
    arguments = parser.parse_args()
    if arguments.command == "serve":
        serve({name: getattr(arguments, name) for name in SERVICES})
    else:
        run(SERVICES[arguments.service], socket.create_connection((arguments.address, arguments.port)))


if __name__ == "__main__":
    main()
