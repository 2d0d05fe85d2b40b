"""Copies of a whole instance: backup, restore, the move from SQLite to PostgreSQL, and of files to other storage.

Everything here reads and writes tables in one canonical form (`canonical`), whatever database they are in, so that a
copy can be compared with its original row by row, and a backup of either database restores into either.
"""
