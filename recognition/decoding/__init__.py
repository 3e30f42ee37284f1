"""Decoding in a process of its own: what a hostile clip can do, it does there.

`sandbox` is the function's side, `nursery` the clean process that forks one child for each clip, `child` the
conversation inside it, `container` the only module that sees PyAV.
"""
