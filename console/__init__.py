"""The page for instructor, operator and privacy officer: it shows and asks, and has no logic of its own.

Everything is done by the functions that the command line calls. The surprising rule: no personal data stands in an
address or a log; clips go by their job ids there, students by a token that only this console can read.
"""
