"""A test tool: an HTTP server on loopback that answers like an OpenMetadata server, defects included.

It is not OpenMetadata and shares no code with it. Two profiles say which server it plays:

=======  ==========================================================================================================
profile  where its behaviour comes from
=======  ==========================================================================================================
``1.2``  observed on a running 1.2 server: paging that skips, patches that run in another order, tags erased by
         refused writes, confirmations without a version. What the observations do not say follows the public sources.
``2.0``  read, never run: the request and entity models of the SDK 2.0.6, upstream threads. Rules observed on 1.2
         that nothing says were repaired hold here too, so that a client must be right under either.
=======  ==========================================================================================================

A client that passes here has met the rules that are known, not a real server. Everything lives in memory; one request
runs at a time, so a handler is a plain function and every write is atomic, except where a fault says otherwise.

``python -m omserver --profile 2.0 --port 0`` with this folder's parent on ``PYTHONPATH`` prints one JSON line with
its URL and tokens. ``/api`` is the server being played; ``/control`` is the test's hand on it (see `control`).
"""
