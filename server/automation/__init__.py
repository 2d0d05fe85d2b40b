"""Our own JSON API: what scripts and other systems of an organisation read and write, with a document that says how."""
