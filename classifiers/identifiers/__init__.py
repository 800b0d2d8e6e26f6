"""One Chinese identifier per module: structure, authority, check digit, examples.

Every module has ``normalise(text)``, ``check(text, *, as_of=None)`` for one value as written, and
``examine(number, today)`` for a value that is already normalised, which the engine calls. Answers are three-valued:
``valid``, ``invalid`` (the right shape with a wrong check digit, date or area) and ``other`` (not this kind).
All numbers in the doctests are synthetic.
"""
