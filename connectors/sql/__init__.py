"""Databases, read through a constant number of dictionary statements per system.

============== =============================================================================
connector.py   the connector: sessions, streams, sampling, errors; knows no database
dialect.py     what a database has to say about itself
kindred.py     SQLAlchemy dialects for relatives of PostgreSQL that do not call themselves so
merge.py       ordered dictionary streams → assets, one at a time
<name>.py      one database each: its dictionary statements, its session, its error codes
============== =============================================================================

To add a database, write ``connectors/sql/<name>.py`` with a `Dialect` subclass instance called ``DIALECT``, and add
``<name>=connectors.sql.connector:SqlConnector`` to the entry points in setup.py. `mysql` is the shortest example.
"""
