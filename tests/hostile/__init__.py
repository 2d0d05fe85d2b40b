"""A hostile server and a running Peerhall, over real sockets."""
