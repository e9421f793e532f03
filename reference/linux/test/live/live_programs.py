"""Servers as Debian ships them, on a host of a rig."""

import os
import re
import shutil
from pathlib import Path

from tcpslab.outcome import InfrastructureError
from tcpslab.rig import Namespace, Program

HTTP, IPERF, POSTGRES = 80, 5201, 5432

_NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen {port};
    listen [::]:{port};
    root {folder}/www;
  }}
}}
"""


def serve_documents(host: Namespace, documents: dict[str, bytes]) -> Program:
    """nginx with these files."""
    folder = host.folder / f"nginx-{host.label}"
    (folder / "www").mkdir(parents=True)
    for name, content in documents.items():
        (folder / "www" / name).write_bytes(content)
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, port=HTTP))
    command = ["nginx", "-p", folder, "-c", configuration, "-e", "stderr"]
    return host.start(command, ready="using the .* event method")


def url(host: Namespace, family: str, name: str) -> str:
    address = host.address[family]
    return f"http://{f'[{address}]' if family == 'ipv6' else address}:{HTTP}/{name}"


def serve_database(host: Namespace) -> Program:
    """A cluster of its own, for the user `postgres` without a password. PostgreSQL refuses to be run by root."""
    folder = host.folder / f"postgres-{host.label}"
    folder.mkdir()
    shutil.chown(folder, "postgres", "postgres")
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    made = host.run([*as_postgres, _postgres("initdb"), "-D", folder, "-A", "trust", "-U", "postgres", "--no-sync"])
    if made.returncode != 0:
        raise InfrastructureError(f"initdb failed: {made.stderr or made.stdout}")
    with (folder / "pg_hba.conf").open("a") as rules:
        rules.write("host all all all trust\n")
    settings = {"listen_addresses": "*", "port": POSTGRES, "unix_socket_directories": "", "fsync": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [*as_postgres, _postgres("postgres"), "-D", folder, *options]
    return host.start(command, ready="ready to accept connections", cwd=folder)


def _postgres(tool: str) -> Path:
    """Debian keeps the server's programs out of PATH, one folder for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), key=lambda path: _numbers(path.parts[4]))
    if not found or not os.access(found[-1], os.X_OK):
        raise InfrastructureError(f"{tool} is not there (package postgresql)")
    return found[-1]


def _numbers(version: str) -> list[int]:
    return [int(word) for word in re.findall(r"\d+", version)]


def serve_iperf(host: Namespace) -> Program:
    return host.start(["iperf3", "--server", "--forceflush", "--port", str(IPERF)], ready="Server listening")
