"""Starts the probes of fediverse-pasture on loopback: ``serve.py PORT``. Runs in their environment, not in ours."""

import sys

from fediverse_pasture.verify_actor import build_app

port = int(sys.argv[1])
build_app(False, f"127.0.0.1:{port}", False, 60).run(host="127.0.0.1", port=port)
