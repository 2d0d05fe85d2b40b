"""Pages: subjects that people follow, on any server."""
