"""SQLite for a site and its queue at the same time: readers beside one writer, and writers that wait for each other.

A transaction that begins by reading and then wants to write cannot wait for another writer, so each begins as a writer.
"""

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, parameters):
        connection = super().get_new_connection(parameters)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _start_transaction_under_autocommit(self):
        self.cursor().execute("BEGIN IMMEDIATE")
